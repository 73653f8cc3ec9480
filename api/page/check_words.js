// The words of the view that checks quotes, English and German side by side; loaded with it.

import { choose } from "./strings.js";

export const words = choose({
  heading: ["Check a quote", "Zitat prüfen"],
  label: ["Quote, or a text with quotations in it", "Zitat, oder ein Text mit Zitaten darin"],
  about: [
    "Paste what someone says these documents say. You see whether they do, word for word, and every difference.",
    "Fügen Sie ein, was in diesen Dokumenten stehen soll. Sie sehen, ob es Wort für Wort dasteht, und jede Abweichung.",
  ],
  one: ["Check as one quote", "Als ein Zitat prüfen"],
  all: ["Check every quotation in it", "Jedes Zitat darin prüfen"],
  only: [(id) => `Only in ${id}.`, (id) => `Nur in ${id}.`],
  everywhere: ["Check in all documents", "In allen Dokumenten prüfen"],
  checking: ["Checking …", "Prüfe …"],
  verdict: [
    {
      exact: "Word for word in the documents.",
      normalised: "In the documents. Only signs differ, such as quotation marks, dashes or spaces.",
      altered: "Altered: the documents say something else.",
      ambiguous: "In the documents, but at several places.",
      other_document: "Not in this document, but in another.",
      not_found: "Not in these documents.",
    },
    {
      exact: "Steht Wort für Wort in den Dokumenten.",
      normalised: "Steht in den Dokumenten. Nur Zeichen weichen ab, etwa Anführungszeichen, Striche oder Leerraum.",
      altered: "Verändert: In den Dokumenten steht etwas anderes.",
      ambiguous: "Steht in den Dokumenten, aber an mehreren Stellen.",
      other_document: "Steht nicht in diesem Dokument, aber in einem anderen.",
      not_found: "Steht nicht in diesen Dokumenten.",
    },
  ],
  mark: [
    { exact: "✓", normalised: "✓", altered: "!", ambiguous: "?", other_document: "→", not_found: "✕" },
    { exact: "✓", normalised: "✓", altered: "!", ambiguous: "?", other_document: "→", not_found: "✕" },
  ],
  yours: ["The quote", "Das Zitat"],
  theirs: ["The document", "Das Dokument"],
  differences: ["Differences", "Abweichungen"],
  kind: [
    { number: "number", date: "date", unit: "unit", name: "name", negation: "negation", words: "words" },
    { number: "Zahl", date: "Datum", unit: "Einheit", name: "Name", negation: "Verneinung", words: "Wörter" },
  ],
  added: ["not in the document", "steht nicht im Dokument"],
  missing: ["left out", "weggelassen"],
  places: ["Where it is", "Wo es steht"],
  nearest: ["What else comes near", "Was dem sonst nahekommt"],
  similarity: [(percent) => `${percent} alike`, (percent) => `zu ${percent} gleich`],
  noQuotations: [
    "There is no quotation in this text. A quotation stands in quotation marks.",
    "In diesem Text ist kein Zitat. Ein Zitat steht in Anführungszeichen.",
  ],
  checked: [
    (count) => (count === 1 ? "1 quotation checked." : `${count} quotations checked.`),
    (count) => (count === 1 ? "1 Zitat geprüft." : `${count} Zitate geprüft.`),
  ],
});
