// The view of one document alone, where shared links lead.

import { DocumentText, placeFrom } from "./document.js";

const view = document.getElementById("document");
const drawn = new DocumentText("h1", () => document.scrollingElement);
view.replaceChildren(drawn.node);

let shown = null;

/** Shows the document that the address names; returns its name as the title. */
export async function show(url, { entered }) {
  const id = decodeURIComponent(url.pathname.slice("/documents/".length));
  const place = placeFrom(/^#char=([\d,]+)$/.exec(url.hash)?.[1]);
  const citation = url.searchParams.get("citation");
  const key = `${url.pathname}${url.search}${url.hash}`;
  if (key === shown && !entered) return undefined;
  shown = key;
  return drawn.open({ id, ...place, citation });
}
