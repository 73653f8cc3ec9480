// The view that checks quotes: a quote or a whole text in, verdicts with their differences out.

import { announce, element, foreign } from "./dom.js";
import { complain, tell } from "./message.js";
import { actions, place, quote } from "./passage.js";
import { post } from "./service.js";
import { locale } from "./strings.js";
import { words } from "./check_words.js";
import { list, sides } from "./difference.js";

const percents = new Intl.NumberFormat(locale, { style: "percent" });

const field = element("textarea", {
  id: "quote",
  rows: "4",
  required: true,
  dir: "auto",
  "aria-describedby": "check-about",
  onkeydown: (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  },
});
const scope = element("p", { class: "hint" });
const form = element(
  "form",
  { class: "check-form", onsubmit: submit },
  element("label", { for: "quote" }, words.label),
  field,
  scope,
  element(
    "p",
    { class: "buttons" },
    element("button", { type: "submit", class: "primary", name: "mode", value: "one" }, words.one),
    element("button", { type: "submit", name: "mode", value: "all" }, words.all),
  ),
);
const message = element("p", { class: "message", role: "status" });
const outcome = element("div", { class: "outcome" });
document
  .getElementById("check")
  .replaceChildren(
    element("h1", {}, words.heading),
    element("p", { id: "check-about", class: "lead" }, words.about),
    form,
    message,
    outcome,
  );

let only = null; // the one document to check in
let turn = 0;

export async function show(url, { entered, moveFocus }) {
  only = url.searchParams.get("document");
  scope.hidden = !only;
  scope.replaceChildren(words.only(only), " ", element("a", { href: "/check" }, words.everywhere));
  if (entered && moveFocus && !url.searchParams.has("source")) field.focus();
  return undefined;
}

async function submit(event) {
  event.preventDefault();
  const all = event.submitter?.value === "all";
  const mine = ++turn;
  const slow = setTimeout(() => tell(message, words.checking), 250);
  const body = { [all ? "text" : "quote"]: field.value, ...(only ? { document_id: only } : {}) };
  try {
    const found = await post(all ? "/page/verify-text" : "/page/verify", body);
    if (mine !== turn) return;
    clearTimeout(slow);
    tell(message);
    outcome.replaceChildren(...(all ? report(found) : [verdict(found)]));
  } catch (error) {
    clearTimeout(slow);
    if (mine !== turn) return;
    outcome.replaceChildren();
    complain(message, error, () => form.requestSubmit(event.submitter));
  }
}

/** What became of one quote: the verdict first, then the difference, then the places. */
function verdict(found) {
  announce(words.verdict[found.verdict]);
  return element("section", { class: "verdict", "data-verdict": found.verdict }, ...content(found));
}

function content(found) {
  const closest = [...found.matches.map((citation) => ({ citation })), ...found.nearest];
  const made = [
    element(
      "h2",
      {},
      element("span", { class: "verdict-mark", "aria-hidden": "true" }, words.mark[found.verdict]),
      words.verdict[found.verdict],
    ),
  ];
  if (found.drawn) {
    // The first is what the quote was compared with: its place stands under its words.
    const { citation } = closest.shift();
    made.push(sides(found.drawn, citation), list(found.differences, citation.language));
  }
  const matching = found.matches.length > 0;
  if (closest.length) made.push(places(matching ? words.places : words.nearest, closest));
  return made;
}

function places(heading, each) {
  return element(
    "div",
    {},
    element("h3", { class: "part" }, heading),
    element("ol", { class: "results" }, ...each.map(one)),
  );
}

function one({ citation, similarity }) {
  return element(
    "li",
    { class: "result" },
    quote([{ text: citation.quote, highlighted: false }], citation),
    place(citation),
    similarity === undefined
      ? actions(citation)
      : element("div", {}, element("p", { class: "hint" }, words.similarity(percents.format(similarity))), actions(citation)),
  );
}

/** A whole text with its quotations marked by verdict, then each of them. */
function report(found) {
  if (!found.quotations.length) {
    tell(message, words.noQuotations);
    return [];
  }
  const count = words.checked(found.quotations.length);
  announce(count);
  const marked = element(
    "div",
    { class: "checked-text", ...foreign("") },
    ...found.pieces.map(({ text, kind }) =>
      kind === null
        ? text
        : element("mark", { class: "quotation", "data-verdict": kind, title: words.verdict[kind] }, text),
    ),
  );
  const each = found.quotations.map((quotation) =>
    element(
      "details",
      { class: "verdict", "data-verdict": quotation.verdict },
      element(
        "summary",
        {},
        element("span", { class: "verdict-mark", "aria-hidden": "true" }, words.mark[quotation.verdict]),
        element("span", { ...foreign("") }, quotation.quote),
      ),
      ...content(quotation),
    ),
  );
  return [element("h2", { class: "part" }, count), marked, ...each];
}
