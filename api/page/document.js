// Draws one document: what is known of it, its text by numbered lines, the cited passage marked.
//
// The service cuts the text into lines and pieces; offsets in code points come from it and go
// back to it and are never used to cut here. Used beside results and alone in its own view.

import { citationState } from "./citation_state.js";
import { element, foreign } from "./dom.js";
import { asPlainText, date, languageName, linkTo, nameOf, number, whereabouts } from "./facts.js";
import { complain, tell } from "./message.js";
import { copyButton } from "./passage.js";
import { request, withQuery, written } from "./service.js";
import { say } from "./strings.js";

const FORMATS = { markdown: "Markdown", bibtex: "BibTeX", csl: "CSL-JSON" };

/** Start and end as an address gives them, `120,431`, or an empty place. */
export function placeFrom(text) {
  const match = /^(\d{1,10}),(\d{1,10})$/.exec(text ?? "");
  return match ? { start: Number(match[1]), end: Number(match[2]) } : {};
}

export class DocumentText {
  /** `heading` is the level of the document's name, `scroller` what scrolls the text. */
  constructor(heading, scroller) {
    this.name = element(heading, { class: "name", tabindex: "-1", dir: "auto" });
    this.state = element("div", { class: "state", role: "status" });
    this.strip = element("div", { class: "cited-strip" });
    this.about = element("div", { class: "about" });
    this.above = element("button", { type: "button", class: "quiet more-text", onclick: () => this.more("above") }, say.above);
    this.below = element("button", { type: "button", class: "quiet more-text", onclick: () => this.more("below") }, say.below);
    this.text = element("div", { class: "text" });
    this.scroller = scroller;
    this.head = element("div", { class: "document-head" }, this.name, this.strip);
    this.node = element("article", { class: "document" }, this.head, this.state, this.about, this.above, this.text, this.below);
    this.turn = 0;
  }

  /** Loads and shows a document; returns its name, or undefined when another came meanwhile. */
  async open({ id, start, end, citation }) {
    const mine = ++this.turn;
    const again = () => this.open({ id, start, end, citation });
    tell(this.state);
    try {
      const check = citation ? await citationState(citation) : null;
      if (check?.current) ({ start, end } = check.current);
      const cited = start !== undefined;
      const body = check?.deleted ? null : await request(withQuery(`/page/document/${encodeURIComponent(id)}`, { start, end }));
      if (mine !== this.turn) return undefined;
      this.drawState(check, body, cited);
      if (body) this.draw(body);
      else this.clear(id);
      return body ? nameOf(body.document) : id;
    } catch (error) {
      if (mine !== this.turn) return undefined;
      this.clear(id);
      this.refuse(error, again);
      return id;
    }
  }

  refuse(error, again) {
    if (error.status !== 404) {
      complain(this.state, error, again);
      return;
    }
    this.state.classList.add("problem");
    this.state.replaceChildren(say.gone, " ", element("a", { href: "/documents" }, say.allDocuments));
  }

  clear(id) {
    this.name.textContent = id;
    this.about.replaceChildren();
    this.text.replaceChildren();
    this.strip.hidden = this.above.hidden = this.below.hidden = true;
  }

  drawState(check, body, cited) {
    if (check) this.state.replaceChildren(...check.content);
    else if (body && cited && !body.citation) tell(this.state, say.outside);
    this.state.classList.toggle("problem", Boolean(check?.warning));
  }

  draw(body) {
    const { document, citation } = body;
    this.document = document;
    this.citation = citation;
    this.start = body.start;
    this.end = body.end;
    this.name.textContent = nameOf(document);
    this.name.title = nameOf(document); // a long one is not shown whole
    this.name.lang = (document.title && document.language) || "";
    this.strip.hidden = !citation;
    this.strip.replaceChildren(...(citation ? this.cited(citation) : []));
    this.about.replaceChildren(description(document));
    Object.entries(foreign(document.language)).forEach(([name, value]) => this.text.setAttribute(name, value));
    this.text.replaceChildren(...body.lines.map(lineNode));
    this.text.classList.toggle("cut", body.continues);
    this.bounds();
    this.reveal();
  }

  /** What is needed to check the passage: its place, offsets and hash, always in sight. */
  cited(citation) {
    return [
      element(
        "p",
        { class: "cited-place" },
        element("span", { class: "fact" }, whereabouts(citation)),
        element("span", { class: "fact" }, say.characters(number(citation.start), number(citation.end))),
      ),
      element(
        "p",
        { class: "hash", title: say.hash },
        "SHA-256 ",
        element("code", {}, citation.document_sha256),
      ),
      element(
        "p",
        { class: "actions" },
        element("button", { type: "button", class: "quiet", onclick: () => this.reveal(true) }, say.toPassage),
        copyButton(say.copyQuote, () => asPlainText(citation)),
        copyButton(say.copyLink, () => linkTo(citation)),
        // For reference managers and manuscripts, as the service writes them.
        ...Object.entries(FORMATS).map(([format, name]) =>
          copyButton(name, () => written(citation, format), say.copyAs(name)),
        ),
      ),
    ];
  }

  bounds() {
    this.above.hidden = this.start === 0;
    this.below.hidden = this.end >= this.document.characters;
  }

  /** Scrolls to the cited passage, a little below the top so that what leads to it is seen. */
  reveal(smooth = false) {
    const mark = this.text.querySelector("mark.cited");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const behavior = smooth && !calm ? "smooth" : "instant";
    if (!mark) {
      this.scroller().scrollTo({ top: 0, behavior });
      return;
    }
    const pane = this.scroller();
    const top = pane === document.scrollingElement ? 0 : pane.getBoundingClientRect().top;
    const covered = this.strip.getBoundingClientRect().bottom - this.head.getBoundingClientRect().top;
    const below = Math.max(pane.clientHeight / 3, covered + 96);
    const distance = mark.getBoundingClientRect().top - top - below;
    pane.scrollBy({ top: distance, behavior });
  }

  async more(side) {
    const { start, end } = this.citation ?? {};
    const edge = side === "above" ? { before: this.start } : { after: this.end };
    try {
      const body = await request(withQuery(`/page/document/${this.document.id}`, { start, end, ...edge }));
      if (body.document.sha256 !== this.document.sha256) {
        const again = () => this.open({ id: this.document.id, citation: this.citation?.id });
        tell(this.state, say.changedMeanwhile, " ", element("button", { type: "button", class: "quiet", onclick: again }, say.reload));
        return;
      }
      if (side === "above") this.addAbove(body);
      else this.addBelow(body);
      this.bounds();
    } catch (error) {
      complain(this.state, error);
    }
  }

  addAbove(body) {
    const anchor = this.text.firstElementChild;
    const before = anchor.getBoundingClientRect().top;
    const added = body.lines.map(lineNode);
    // The line that the window cut goes on in the first one that is here.
    if (this.text.classList.contains("cut") && added.length) {
      const joined = added.pop();
      anchor.prepend(...joined.childNodes);
      anchor.dataset.number = joined.dataset.number;
    }
    this.text.prepend(...added);
    this.text.classList.toggle("cut", body.continues);
    this.start = body.start;
    this.scroller().scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
  }

  addBelow(body) {
    const added = body.lines.map(lineNode);
    const first = added[0];
    if (body.continues && first) this.text.lastElementChild.append(...added.shift().childNodes);
    this.text.append(...added);
    this.end = body.end;
    this.below.focus();
  }
}

/** A line with its end; its number and page are drawn by the style sheet and never copied. */
function lineNode(line) {
  const empty = line.pieces.every((piece) => !piece.text.trim());
  return element(
    "div",
    {
      class: line.page ? "line page-start" : "line",
      dir: "auto",
      "data-number": empty ? null : line.number,
      "data-page": line.page ? say.page(line.page) : null,
    },
    ...line.pieces.map((piece) =>
      piece.cited ? element("mark", { class: "cited" }, piece.text) : piece.text,
    ),
  );
}

function description(document) {
  const rows = [
    [say.source, document.source],
    [say.published, document.published && date(document.published)],
    [say.language, document.language && languageName(document.language)],
    [say.length, say.lengthCharacters(number(document.characters))],
    [say.hash, element("code", {}, document.sha256)],
  ];
  return element(
    "details",
    { class: "about-document" },
    element("summary", {}, say.aboutText),
    element(
      "dl",
      {},
      ...rows
        .filter(([, value]) => value)
        .map(([name, value]) =>
          element("div", {}, element("dt", {}, name), element("dd", { dir: "auto" }, value)),
        ),
    ),
    element("p", {}, element("a", { href: `/check?document=${document.id}` }, say.checkHere)),
  );
}
