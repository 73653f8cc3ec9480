// The view of all documents: find, filter, add, delete.

import { element, foreign } from "./dom.js";
import { date, languageName, nameOf, number, sourceOf } from "./facts.js";
import { asAddress, countOf, FilterFields, filtersOf } from "./filters.js";
import { complain, tell } from "./message.js";
import { isPending, remove } from "./deletion.js";
import { request, withQuery } from "./service.js";
import { locale, say } from "./strings.js";
import { UploadArea } from "./upload.js";
import { words } from "./documents_words.js";

const PAGE = 50;

const filters = new FilterFields("documents", search);
const find = element("input", {
  type: "search",
  id: "find",
  maxlength: "200",
  placeholder: words.filter,
  autocomplete: "off",
  dir: "auto",
  oninput: soon,
});
const summary = element("summary", {}, say.filters);
const disclosure = element("details", { class: "filters" }, summary, filters.node);
const count = element("p", { class: "message count-line", role: "status" });
const list = element("ul", { class: "documents" });
const more = element("button", { type: "button", onclick: () => load(list.children.length) }, words.more);
const upload = new UploadArea(() => dispatchEvent(new Event("documents-changed")));
const view = document.getElementById("documents");
view.replaceChildren(
  element("h1", {}, words.heading),
  upload.node,
  element(
    "form",
    { role: "search", class: "find", onsubmit: (event) => (event.preventDefault(), search()) },
    element("label", { for: "find", class: "unseen" }, words.filter),
    find,
    disclosure,
  ),
  count,
  list,
  element("p", { class: "more" }, more),
);
upload.listen(view);

let address = null;
let turn = 0;
let timer = 0;

/** Shows the documents that the address filters. */
export async function show(url) {
  address = url;
  const wanted = filtersOf(url);
  const typed = url.searchParams.get("words") ?? "";
  if (document.activeElement !== find) find.value = typed;
  filters.set(wanted);
  if (countOf(wanted)) disclosure.open = true;
  await load(0);
  return undefined;
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(search, 150);
}

function search() {
  clearTimeout(timer);
  const wanted = withQuery("/documents", { words: find.value.trim(), ...asAddress(filters.value()) });
  // Typing is one visit, not one for each letter: the address changes in place.
  history.replaceState(history.state, "", wanted);
  show(new URL(wanted, location.href));
}

async function load(offset) {
  const mine = ++turn;
  const query = {
    words: address.searchParams.get("words"),
    ...filtersOf(address),
    offset,
    limit: PAGE,
  };
  try {
    const listing = await request(withQuery("/page/documents", query));
    if (mine === turn) draw(listing, offset);
  } catch (error) {
    if (mine === turn) complain(count, error, () => load(offset));
  }
}

function draw(listing, offset) {
  const rows = listing.documents.filter((each) => !isPending(each.id)).map(row);
  if (offset) list.append(...rows);
  else list.replaceChildren(...rows);
  more.hidden = offset + listing.documents.length >= listing.matching;
  filters.offer(listing.languages);
  const chosen = countOf(filters.value());
  summary.textContent = chosen ? say.filtersOn(chosen) : say.filters;
  view.classList.toggle("none-yet", listing.total === 0);
  if (listing.total === 0) tell(count, words.empty);
  else if (listing.matching === 0) tell(count, words.none);
  else if (listing.matching === listing.total) tell(count, words.all(number(listing.total), listing.total));
  else tell(count, words.some(number(listing.matching), number(listing.total)));
  if (offset) rows[0]?.querySelector("a")?.focus();
}

function row(document) {
  const name = nameOf(document);
  const facts = [
    sourceOf(document),
    document.published ? date(document.published) : null,
    document.language ? languageName(document.language) : null,
    words.passages(number(document.passages), document.passages),
    words.added(new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(document.added))),
  ];
  const item = element(
    "li",
    { class: "row-document", "data-id": document.id },
    element(
      "div",
      {},
      element("h2", { class: "name" }, element("a", { href: `/documents/${document.id}`, dir: "auto" }, name)),
      element(
        "p",
        { class: "place" },
        ...facts.filter(Boolean).map((fact) => element("span", { class: "fact", dir: "auto" }, fact)),
      ),
      document.opening
        ? element("p", { class: "opening", ...foreign(document.language) }, document.opening, " …")
        : null,
    ),
    element(
      "button",
      { type: "button", class: "quiet", "aria-label": words.removeNamed(name), onclick: () => deleting(document, item) },
      words.remove,
    ),
  );
  return item;
}

function deleting(document, item) {
  item.hidden = true;
  remove(document, {
    kept: async () => {
      // The list may have been drawn anew without it in the meantime.
      if (!item.isConnected) await load(0);
      const shown = item.isConnected ? item : list.querySelector(`[data-id="${document.id}"]`);
      if (!shown) return;
      shown.hidden = false;
      shown.querySelector("button").focus();
    },
    gone: () => item.remove(),
  });
}

addEventListener("documents-changed", () => {
  if (!view.hidden && address) load(0);
});
