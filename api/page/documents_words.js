// The words of the documents view, English and German side by side; loaded with it.

import { choose } from "./strings.js";

export const words = choose({
  heading: ["Documents", "Dokumente"],
  add: ["Add files", "Dateien hinzufügen"],
  dropHint: ["or drop them anywhere on this page.", "oder irgendwo auf diese Seite ziehen."],
  types: ["Text, Markdown, HTML, PDF or Word.", "Text, Markdown, HTML, PDF oder Word."],
  drop: ["Drop to add", "Loslassen zum Hinzufügen"],
  filter: ["Find by title or source", "Nach Titel oder Quelle suchen"],
  all: [
    (total, count) => (count === 1 ? "1 document" : `${total} documents`),
    (total, count) => (count === 1 ? "1 Dokument" : `${total} Dokumente`),
  ],
  some: [
    (matching, total) => `${matching} of ${total} documents`,
    (matching, total) => `${matching} von ${total} Dokumenten`,
  ],
  none: ["No document matches.", "Kein Dokument passt."],
  empty: [
    "There are no documents yet. Add files above, then ask.",
    "Es gibt noch keine Dokumente. Fügen Sie oben Dateien hinzu und fragen Sie dann.",
  ],
  more: ["Show more", "Mehr zeigen"],
  passages: [
    (shown, count) => (count === 1 ? "1 passage" : `${shown} passages`),
    (shown, count) => (count === 1 ? "1 Stelle" : `${shown} Stellen`),
  ],
  added: [(day) => `added ${day}`, (day) => `hinzugefügt am ${day}`],
  remove: ["Delete", "Löschen"],
  removeNamed: [(name) => `Delete ${name}`, (name) => `${name} löschen`],
  removing: [(name) => `“${name}” is being deleted.`, (name) => `„${name}“ wird gelöscht.`],
  undo: ["Undo", "Rückgängig"],
  undoIn: [(seconds) => `Undo (${seconds})`, (seconds) => `Rückgängig (${seconds})`],
  kept: [(name) => `“${name}” was kept.`, (name) => `„${name}“ wurde behalten.`],
  removed: [(name) => `“${name}” was deleted.`, (name) => `„${name}“ wurde gelöscht.`],
  notRemoved: [(name) => `“${name}” was not deleted.`, (name) => `„${name}“ wurde nicht gelöscht.`],
  changedSince: [
    "It was changed in the meantime.",
    "Es wurde inzwischen geändert.",
  ],
  uploads: ["Files", "Dateien"],
  waiting: ["waiting", "wartet"],
  sending: ["sending", "wird gesendet"],
  reading: ["reading", "wird gelesen"],
  outcome: [
    { created: "added", updated: "replaced the earlier version", unchanged: "was already here, unchanged" },
    { created: "hinzugefügt", updated: "ersetzt die frühere Fassung", unchanged: "war schon da, unverändert" },
  ],
  notSent: ["Could not be read or sent.", "Konnte nicht gelesen oder gesendet werden."],
  dismiss: ["Clear list", "Liste schließen"],
  progress: [(name) => `Progress of ${name}`, (name) => `Fortschritt von ${name}`],
});
