// Every word of the interface, English and German side by side. Knows no view.
//
// One file for both languages, because the page's first load may take five requests only.

const range = (first, last) => (first === last ? first : `${first}–${last}`);

const WORDS = {
  // The frame
  skip: ["Skip to the content", "Zum Inhalt"],
  views: ["Views", "Ansichten"],
  ask: ["Ask", "Fragen"],
  documents: ["Documents", "Dokumente"],
  check: ["Check a quote", "Zitat prüfen"],
  source: ["Source", "Quelle"],
  api: ["API for programs", "Schnittstelle für Programme"],
  close: ["Close", "Schließen"],

  // Asking
  askHeading: ["Ask the documents", "Die Dokumente befragen"],
  question: ["Your question", "Ihre Frage"],
  about: [
    "Ask in any language. You get the exact passages, word for word, and where they are.",
    "Fragen Sie in jeder Sprache. Sie bekommen die genauen Stellen, Wort für Wort, und wo sie stehen.",
  ],
  asking: ["Searching …", "Suche …"],
  answer: ["Answer", "Antwort"],
  passages: ["Passages", "Stellen"],
  nearest: ["The nearest passages", "Die nächstliegenden Stellen"],
  unanswered: ["Not answered by these documents.", "Von diesen Dokumenten nicht beantwortet."],
  unansweredWhy: [
    "The passages below come nearest. Read them before you rely on them.",
    "Die folgenden Stellen kommen der Frage am nächsten. Lesen Sie sie, bevor Sie sich darauf stützen.",
  ],
  nothing: ["Nothing was found.", "Nichts gefunden."],
  nothingFiltered: [
    "Nothing was found with these filters.",
    "Mit diesen Filtern wurde nichts gefunden.",
  ],
  found: [
    (count) => (count === 1 ? "1 passage found." : `${count} passages found.`),
    (count) => (count === 1 ? "1 Stelle gefunden." : `${count} Stellen gefunden.`),
  ],
  morePassages: ["Show more passages", "Weitere Stellen zeigen"],
  empty: ["There are no documents yet.", "Es gibt noch keine Dokumente."],
  addSome: ["Add some", "Dokumente hinzufügen"],
  chance: [
    ["very likely answers", "likely answers", "possibly answers", "unlikely to answer"],
    ["antwortet sehr wahrscheinlich", "antwortet wahrscheinlich", "antwortet möglicherweise", "antwortet eher nicht"],
  ],
  chanceExplained: [
    (percent) => `Estimated probability that this passage answers the question: ${percent}`,
    (percent) => `Geschätzte Wahrscheinlichkeit, dass diese Stelle die Frage beantwortet: ${percent}`,
  ],
  indexed: [
    (documents, count) => (count === 1 ? "1 document" : `${documents} documents`),
    (documents, count) => (count === 1 ? "1 Dokument" : `${documents} Dokumente`),
  ],
  took: [(ms) => `answered in ${ms} ms`, (ms) => `in ${ms} ms beantwortet`],

  // Filters
  filters: ["Filters", "Filter"],
  filtersOn: [(count) => `Filters (${count})`, (count) => `Filter (${count})`],
  languages: ["Languages", "Sprachen"],
  from: ["Published from", "Veröffentlicht von"],
  to: ["to", "bis"],
  clear: ["Clear filters", "Filter aufheben"],

  // Citations
  line: [
    (first, last) => `${first === last ? "line" : "lines"} ${range(first, last)}`,
    (first, last) => `${first === last ? "Zeile" : "Zeilen"} ${range(first, last)}`,
  ],
  page: [
    (first, last = first) => `${first === last ? "page" : "pages"} ${range(first, last)}`,
    (first, last = first) => `${first === last ? "Seite" : "Seiten"} ${range(first, last)}`,
  ],
  characters: [
    (first, last) => `characters ${range(first, last)}`,
    (first, last) => `Zeichen ${range(first, last)}`,
  ],
  quotationMarks: [["“", "”"], ["„", "“"]],
  copyQuote: ["Copy quote", "Zitat kopieren"],
  copyLink: ["Copy link", "Link kopieren"],
  copyAs: [(format) => `Copy as ${format}`, (format) => `Als ${format} kopieren`],
  copied: ["Copied", "Kopiert"],
  notCopied: ["Could not copy", "Nicht kopiert"],

  // A document
  published: ["Date", "Datum"],
  language: ["Language", "Sprache"],
  length: ["Length", "Umfang"],
  lengthCharacters: [(count) => `${count} characters`, (count) => `${count} Zeichen`],
  hash: ["SHA-256 of the text", "SHA-256 des Textes"],
  aboutText: ["About this document", "Über dieses Dokument"],
  above: ["Show more above", "Mehr davor zeigen"],
  below: ["Show more below", "Mehr danach zeigen"],
  toPassage: ["To the passage", "Zur Stelle"],
  wholePage: ["Open on its own", "Allein öffnen"],
  outside: [
    "The link names a passage that this document does not have. It may have been changed since.",
    "Der Link nennt eine Stelle, die dieses Dokument nicht hat. Vielleicht wurde es seither geändert.",
  ],
  changedMeanwhile: [
    "The document has just been changed. Load it again.",
    "Das Dokument wurde eben geändert. Laden Sie es neu.",
  ],
  reload: ["Load again", "Neu laden"],
  gone: ["There is no such document. It may have been deleted.", "Dieses Dokument gibt es nicht. Vielleicht wurde es gelöscht."],
  checkHere: ["Check a quote against this document", "Ein Zitat an diesem Dokument prüfen"],
  allDocuments: ["All documents", "Alle Dokumente"],
  state: [
    {
      valid: "Unchanged since it was cited.",
      moved: "The document has been changed since. The cited words are the same, at another place.",
      altered: "The cited words have been changed since.",
      deleted: "The document has been deleted since. This is what was cited:",
    },
    {
      valid: "Unverändert, seit zitiert wurde.",
      moved: "Das Dokument wurde seither geändert. Die zitierten Worte sind gleich, stehen aber anderswo.",
      altered: "Die zitierten Worte wurden seither geändert.",
      deleted: "Das Dokument wurde seither gelöscht. Das wurde zitiert:",
    },
  ],
  asCited: ["As it was cited:", "So wurde zitiert:"],
  noCitation: ["There is no such citation here.", "Dieses Zitat gibt es hier nicht."],

  // Errors
  unreachable: [
    "The service does not answer. Is it running?",
    "Der Dienst antwortet nicht. Läuft er?",
  ],
  retry: ["Try again", "Noch einmal versuchen"],
  problem: [
    {},
    {
      "not-ready": "Der Dienst ist noch nicht bereit. Versuchen Sie es gleich noch einmal.",
      "not-found": "Das gibt es hier nicht.",
      "unreadable-file": "Die Datei ist nicht lesbar.",
      "empty-document": "Es ist kein Text darin.",
      "too-large": "Das ist zu groß.",
      "413": "Das ist zu groß.",
      conflict: "Der Name gehört schon einem anderen Dokument.",
      "invalid-date": "Das Datum ist ungültig.",
      "invalid-request": "Eine Angabe ist ungültig.",
      "invalid-input": "Eine Angabe ist ungültig.",
      "invalid-id": "Der Name ist nicht verwendbar.",
      store: "Der Speicher ist nicht verfügbar.",
      "500": "Im Dienst ist etwas schiefgegangen.",
    },
  ],
};

export const locale = navigator.language || "en";
export const tongue = locale.toLowerCase().startsWith("de") ? "de" : "en";

export const choose = (words) =>
  Object.fromEntries(
    Object.entries(words).map(([name, [english, german]]) => [name, tongue === "de" ? german : english]),
  );

export const say = choose(WORDS);
