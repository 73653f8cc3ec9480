// The frame of the page: shows the view that the address names and keeps address, title and focus
// in step. Knows no view's inside; each is loaded when it is first needed.

import { say, tongue } from "./strings.js";

const $ = (id) => document.getElementById(id);
const VIEWS = {
  ask: () => import("./ask.js"),
  documents: () => import("./documents.js"),
  check: () => import("./check.js"),
  document: () => import("./document_view.js"),
};

function viewOf(url) {
  if (url.pathname === "/") return "ask";
  if (url.pathname === "/documents") return "documents";
  if (url.pathname === "/check") return "check";
  return url.pathname.startsWith("/documents/") ? "document" : null;
}

const loaded = new Set();
let current = null;
let turn = 0;

function load(name) {
  loaded.add(name);
  return VIEWS[name]();
}

async function show(url, { moveFocus = true } = {}) {
  const mine = ++turn;
  const name = viewOf(url) ?? "ask";
  const entered = name !== current;
  current = name;
  for (const each of Object.keys(VIEWS)) $(each).hidden = each !== name;
  document.body.dataset.view = name;
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (entered && moveFocus && !url.searchParams.has("source")) enter(name);
  setTitle(name === "ask" ? "" : say[name] ?? "");
  // What answers a question is fetched with the first letter typed, not with the empty page.
  if (name !== "ask" || url.searchParams.get("q")?.trim() || loaded.has(name)) {
    const view = await load(name);
    if (mine !== turn) return;
    const title = await view.show(url, { entered, moveFocus });
    if (mine !== turn) return;
    if (title !== undefined) setTitle(title);
  } else {
    document.body.classList.add("blank");
  }
  if (url.searchParams.has("source") || !$("source").hidden) {
    (await import("./source.js")).follow(url, { moveFocus });
  }
}

function enter(name) {
  if (name === "ask") $("question").focus();
  else $("main").focus({ preventScroll: true });
}

function setTitle(title) {
  document.title = title ? `${title} – Fundstelle` : "Fundstelle";
}

function go(address, state = {}) {
  const url = new URL(address, location.href);
  history.pushState(state, "", url);
  if (viewOf(url) !== current) scrollTo(0, 0);
  show(url);
}

// Views ask for another address by this event, so that they need not know the frame.
addEventListener("go", (event) => go(event.detail.address, event.detail.state));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target) return;
  const url = new URL(link.href);
  if (link.dataset.document) {
    // A citation: its source opens beside what is shown, and that has an address, too.
    event.preventDefault();
    const beside = new URL(location.href);
    const open = beside.searchParams.has("source");
    beside.searchParams.set("source", link.dataset.document);
    beside.searchParams.set("char", link.dataset.place);
    beside.hash = "";
    if (open) {
      // One source takes the other's place, so that back, or closing, leads to the results.
      history.replaceState(history.state, "", beside);
      show(beside);
    } else {
      go(beside, { beside: true });
    }
  } else if (link.getAttribute("href") === "#main") {
    event.preventDefault(); // the address says which passage is shown, and must go on saying it
    $("main").focus();
  } else if (url.origin === location.origin && viewOf(url) && !link.hash) {
    event.preventDefault();
    go(url);
  }
});

$("ask-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  (await load("ask")).submit();
});
$("question").addEventListener("input", () => load("ask"), { once: true });
$("ask-filters").addEventListener("toggle", async () => (await load("ask")).showFilters(), { once: true });

addEventListener("popstate", () => show(new URL(location.href)));

document.documentElement.lang = tongue;
for (const node of document.querySelectorAll("[data-text]")) node.textContent = say[node.dataset.text];
for (const node of document.querySelectorAll("[data-label]")) {
  node.setAttribute("aria-label", say[node.dataset.label]);
}
show(new URL(location.href), { moveFocus: viewOf(new URL(location.href)) === "ask" });
