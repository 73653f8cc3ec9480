// The view that asks: question and filters in, the answer and passages with their evidence out.

import { announce, element, go } from "./dom.js";
import { number } from "./facts.js";
import { asAddress, countOf, FilterFields, filtersOf } from "./filters.js";
import { complain, tell } from "./message.js";
import { actions, place, quote } from "./passage.js";
import { request, withQuery } from "./service.js";
import { say } from "./strings.js";

const FIRST = 10;
const MOST = 50; // the service's own limit
const READY_SOON = 1500; // milliseconds

const $ = (id) => document.getElementById(id);
const filters = new FilterFields("ask", submit);
$("ask-filters").append(filters.node);

let shown = null; // the address whose answer is shown
let asked = null; // what can stop the question under way
let limit = FIRST;

/** Asks what the fields say, by going to its address. */
export function submit() {
  const question = $("question").value.trim();
  countFilters();
  if (!question) return;
  shown = null; // asking the same again is asking again
  go(withQuery("/", { q: question, ...asAddress(filters.value()) }));
}

export async function showFilters() {
  if (filters.known.size) return;
  await filters.offer().catch((error) => complain($("ask-message"), error));
}

/** Shows what the address asks; returns the title. */
export async function show(url) {
  const question = url.searchParams.get("q")?.trim() ?? "";
  const wanted = filtersOf(url);
  const key = withQuery("/page/answer", {
    question,
    language: wanted.language,
    published_from: wanted.published_from,
    published_to: wanted.published_to,
  });
  document.body.classList.toggle("blank", !question);
  if (key === shown) return question;
  $("question").value = question;
  filters.set(wanted);
  countFilters();
  if (countOf(wanted)) $("ask-filters").open = true;
  shown = key;
  limit = FIRST;
  if (question) {
    await ask(key);
  } else {
    // An answer that is still under way must not appear under an empty question.
    asked?.abort();
    asked = null;
    $("ask").removeAttribute("aria-busy");
    clear();
  }
  return question;
}

async function ask(key) {
  asked?.abort();
  const mine = (asked = new AbortController());
  // Answers come faster than a word can be read: it is only shown when one takes longer.
  const slow = setTimeout(() => tell($("ask-message"), say.asking), 250);
  $("ask").setAttribute("aria-busy", "true");
  try {
    const answer = await request(`${key}&top_k=${limit}`, { signal: mine.signal });
    if (mine === asked) draw(answer, key);
  } catch (error) {
    if (error.name === "AbortError" || mine !== asked) return;
    clear();
    shown = null;
    const again = () => {
      shown = key;
      ask(key);
    };
    complain($("ask-message"), error, again);
    // It will be ready by itself; nobody should have to press a button for that.
    if (error.kind === "not-ready") setTimeout(() => mine === asked && again(), READY_SOON);
  } finally {
    clearTimeout(slow);
    if (mine === asked) $("ask").removeAttribute("aria-busy");
  }
}

function clear() {
  $("answer").hidden = $("results-heading").hidden = $("more").hidden = true;
  $("results").replaceChildren();
  tell($("ask-message"));
}

function draw(answer, key) {
  const best = answer.answer;
  $("answer").hidden = !best;
  if (best) {
    const pieces = [{ text: best.text, highlighted: false }];
    $("answer").replaceChildren(
      quote(pieces, best.citation),
      place(best.citation),
      actions(best.citation),
    );
  }
  const results = answer.results;
  $("results-heading").hidden = results.length === 0;
  $("results-heading").textContent = answer.answerable ? say.passages : say.nearest;
  $("results").replaceChildren(...results.map(resultItem));
  $("more").hidden = results.length < limit || limit >= MOST;
  $("more").firstElementChild.onclick = () => more(key);
  $("index").replaceChildren(
    say.indexed(number(answer.index.documents), answer.index.documents),
    " · ",
    say.took(number(Math.max(1, Math.round(answer.took_ms)))),
  );
  verdict(answer);
}

function resultItem(result) {
  return element(
    "li",
    { class: "result" },
    quote(result.pieces, result.citation),
    place(result.citation),
    actions(result.citation, result.score),
  );
}

function verdict(answer) {
  const message = $("ask-message");
  if (answer.index.documents === 0) {
    tell(message, say.empty, " ", element("a", { href: "/documents" }, say.addSome));
  } else if (answer.results.length === 0) {
    tell(message, countOf(filters.value()) ? say.nothingFiltered : say.nothing);
  } else if (!answer.answerable) {
    tell(message, element("strong", {}, say.unanswered), " ", say.unansweredWhy);
  } else {
    tell(message);
    announce(say.found(answer.results.length));
  }
}

async function more(key) {
  const before = $("results").children.length;
  limit = MOST;
  await ask(key);
  $("results").children[before]?.querySelector("a")?.focus();
}

function countFilters() {
  const count = countOf(filters.value());
  $("ask-filters").querySelector("summary").textContent = count ? say.filtersOn(count) : say.filters;
}

// Up and down go from question to results and through them; Enter opens, as on any link.
$("ask").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [$("question"), ...$("ask").querySelectorAll("a.citation")];
  const at = stops.indexOf(document.activeElement);
  const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
});

// A document came, changed or went: what is shown may no longer be what would be answered.
addEventListener("documents-changed", () => {
  shown = null;
  filters.known.clear();
});
