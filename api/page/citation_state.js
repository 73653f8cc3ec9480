// What became of a citation, in words: unchanged, moved, altered, deleted. Knows no document.

import { element, foreign } from "./dom.js";
import { request } from "./service.js";
import { say } from "./strings.js";

/** Where the cited words are now, if anywhere, and what to say of it. */
export async function citationState(id) {
  let check;
  try {
    check = await request(`/v1/citations/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error.status !== 404) throw error;
    // The document may still be there, and the address may still say where.
    return { current: null, deleted: false, warning: true, content: [say.noCitation] };
  }
  const changed = check.status === "altered" || check.status === "deleted";
  const content = [element("p", {}, element("strong", {}, say.state[check.status]))];
  if (changed) content.push(...asCited(check));
  return {
    current: check.current,
    deleted: check.status === "deleted",
    warning: changed,
    content,
  };
}

function asCited(check) {
  const { citation, differences } = check;
  const quote = element("blockquote", { class: "quote", ...foreign(citation.language) }, citation.quote);
  const made = check.status === "deleted" ? [quote] : [element("p", {}, say.asCited), quote];
  if (differences.length) {
    made.push(element("ul", { class: "changes" }, ...differences.map((each) => change(each, citation))));
  }
  return made;
}

/** One change: what was cited struck out, what is there now after it. */
export function change(difference, citation) {
  const attributes = foreign(citation?.language);
  return element(
    "li",
    {},
    difference.expected ? element("del", attributes, difference.expected) : null,
    difference.expected && difference.found ? " → " : null,
    difference.found ? element("ins", attributes, difference.found) : null,
  );
}
