// Draws a quote with its evidence, where it is from, and the buttons that copy it.

import { announce, element, foreign } from "./dom.js";
import { asPlainText, chance, chanceLevel, factsOf, linkTo, nameOf } from "./facts.js";
import { say } from "./strings.js";

/** A quote made of the service's pieces, the highlighted ones marked. */
export function quote(pieces, citation) {
  return element(
    "blockquote",
    { class: "quote", ...foreign(citation.language) },
    ...pieces.map((piece) => (piece.highlighted ? element("mark", {}, piece.text) : piece.text)),
  );
}

/** The citation: a link that opens the source beside, then what is known of it. */
export function place(citation) {
  return element(
    "p",
    { class: "place" },
    element("span", { class: "fact" }, link(citation)),
    ...factsOf(citation).map((fact) => element("span", { class: "fact", dir: "auto" }, fact)),
  );
}

function link(citation) {
  return element(
    "a",
    {
      class: "citation",
      href: linkTo(citation),
      // The frame opens these two beside; without it, or in a new tab, the link does.
      "data-document": citation.document_id,
      "data-place": `${citation.start},${citation.end}`,
      dir: "auto",
    },
    nameOf(citation),
  );
}

/** How likely it answers, and what can be copied. */
export function actions(citation, score) {
  return element(
    "p",
    { class: "actions" },
    score === undefined ? null : chanceMark(score),
    copyButton(say.copyQuote, () => asPlainText(citation)),
    copyButton(say.copyLink, () => linkTo(citation)),
  );
}

function chanceMark(score) {
  const { words, explained } = chance(score);
  return element(
    "span",
    { class: "chance", "data-level": chanceLevel(score), title: explained },
    words,
  );
}

/** `text` makes what is copied, at once or later; `title` says what a short label leaves out. */
export function copyButton(label, text, title) {
  const button = element("button", { type: "button", class: "quiet", title, onclick: copy }, label);
  async function copy() {
    const done = (await copied(text)) ? say.copied : say.notCopied;
    button.textContent = done;
    announce(done);
    setTimeout(() => (button.textContent = label), 2000);
  }
  return button;
}

async function copied(make) {
  let text;
  try {
    text = await make();
  } catch {
    return false; // the service did not answer
  }
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Served without TLS to another machine there is no clipboard; the old way still works.
    const field = element("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return done;
  }
}
