// Draws how a quote and a document differ: both sides with what differs marked, then a list.
// The service cuts both into pieces; nothing is compared here.

import { element, foreign } from "./dom.js";
import { actions, place } from "./passage.js";
import { words } from "./check_words.js";

/** Both sides, one above the other, so that the eye can compare. */
export function sides(drawn, citation) {
  return element(
    "div",
    { class: "sides" },
    side(words.yours, drawn.quote, "del", citation.language),
    side(words.theirs, drawn.found, "ins", citation.language, place(citation), actions(citation)),
  );
}

function side(label, pieces, tag, language, ...after) {
  return element(
    "figure",
    { class: `side ${tag}` },
    element("figcaption", {}, label),
    element("blockquote", { class: "quote", ...foreign(language) }, ...pieces.map((each) => piece(each, tag))),
    ...after,
  );
}

function piece({ text, kind }, tag) {
  if (kind === null) return text;
  const title = words.kind[kind] ?? kind;
  // Where only the other side has words, a gap shows the place.
  return text ? element(tag, { title }, text) : element("span", { class: "gap", title, "aria-hidden": "true" });
}

/** The same as a list, for those who do not see colours, or want to know of what kind each is. */
export function list(differences, language) {
  return element(
    "ul",
    { class: "changes", "aria-label": words.differences },
    ...differences.map((each) => change(each, foreign(language))),
  );
}

function change({ expected, found, kind }, attributes) {
  const parts = [element("span", { class: "kind" }, words.kind[kind] ?? kind), " "];
  if (expected) parts.push(element("del", attributes, expected));
  if (expected && found) parts.push(" → ");
  if (found) parts.push(element("ins", attributes, found));
  if (!found) parts.push(" ", words.added);
  if (!expected) parts.push(" ", words.missing);
  return element("li", {}, ...parts);
}
