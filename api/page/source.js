// Opens a citation's source beside what is shown: a pane where there is room, else a sheet over
// everything. The address says which, so that back closes it and a copied address reopens it.

import { DocumentText, placeFrom } from "./document.js";
import { element, go } from "./dom.js";
import { say } from "./strings.js";

const pane = document.getElementById("source");
const roomy = matchMedia("(min-width: 1000px)");
const drawn = new DocumentText("h2", () => pane);
const alone = element("a", { class: "alone" }, say.wholePage);
const closing = element("button", { type: "button", class: "quiet close", onclick: close }, say.close);
pane.replaceChildren(element("div", { class: "pane-top" }, alone, closing), drawn.node);

let shown = null;
let opener = null;

/** Opens what the address names, or closes. */
export async function follow(url, { moveFocus }) {
  const id = url.searchParams.get("source");
  const char = url.searchParams.get("char");
  const key = id && `${id}#char=${char}`;
  if (key === shown) return;
  shown = key;
  markCurrent(id, char);
  if (!id) {
    hide();
    return;
  }
  if (document.activeElement !== document.body && !pane.contains(document.activeElement)) {
    opener = document.activeElement;
  }
  pane.hidden = false;
  document.body.classList.add("beside");
  cover();
  alone.href = `/documents/${encodeURIComponent(id)}${char ? `#char=${char}` : ""}`;
  await drawn.open({ id, ...placeFrom(char) });
  if (moveFocus && shown === key) drawn.name.focus({ preventScroll: true });
}

function hide() {
  pane.hidden = true;
  document.body.classList.remove("beside");
  cover();
  if (opener?.isConnected) opener.focus({ preventScroll: false });
  opener = null;
}

function close() {
  if (history.state?.beside) {
    history.back(); // so that going back later does not open it again
    return;
  }
  const url = new URL(location.href);
  url.searchParams.delete("source");
  url.searchParams.delete("char");
  go(url);
}

/** Under a sheet nothing else can be reached or scrolled. */
function cover() {
  const covered = !pane.hidden && !roomy.matches;
  for (const each of document.querySelectorAll(".skip, header.top, main, footer")) each.inert = covered;
  document.body.classList.toggle("covered", covered);
  pane.setAttribute("role", covered ? "dialog" : "complementary");
  if (covered) pane.setAttribute("aria-modal", "true");
  else pane.removeAttribute("aria-modal");
}

function markCurrent(id, char) {
  for (const link of document.querySelectorAll("a.citation")) {
    const open = link.dataset.document === id && link.dataset.place === char;
    if (open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

roomy.addEventListener("change", cover);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !pane.hidden) close();
});
