// The language and date filters, for the views that have them. They live in the address.

import { element } from "./dom.js";
import { languageName, number } from "./facts.js";
import { request } from "./service.js";
import { say } from "./strings.js";

/** What an address filters by. */
export function filtersOf(url) {
  return {
    language: url.searchParams.getAll("language"),
    published_from: url.searchParams.get("from") || null,
    published_to: url.searchParams.get("to") || null,
  };
}

/** The same in the names of an address. */
export function asAddress(filters) {
  return { language: filters.language, from: filters.published_from, to: filters.published_to };
}

export const countOf = (filters) =>
  filters.language.length + (filters.published_from ? 1 : 0) + (filters.published_to ? 1 : 0);

/** Fields for filters; `changed` is called when the reader has changed one. */
export class FilterFields {
  constructor(prefix, changed) {
    this.languages = element("div", { class: "choices" });
    this.from = element("input", { type: "date", id: `${prefix}-from`, onchange: changed });
    this.to = element("input", { type: "date", id: `${prefix}-to`, onchange: changed });
    this.changed = changed;
    this.chosen = new Set();
    this.known = new Map();
    this.clear = element("button", { type: "button", class: "quiet", onclick: () => this.reset() }, say.clear);
    this.node = element(
      "div",
      { class: "filter-fields" },
      element("fieldset", {}, element("legend", {}, say.languages), this.languages),
      element(
        "div",
        { class: "dates" },
        element("span", {}, element("label", { for: this.from.id }, say.from), this.from),
        element("span", {}, element("label", { for: this.to.id }, say.to), this.to),
        this.clear,
      ),
    );
  }

  /** Offer the languages that the documents are in; they are asked for when not given. */
  async offer(languages) {
    const found = languages ?? (await request("/page/documents?limit=1")).languages;
    this.known = new Map(found.map((each) => [each.language, each.documents]));
    this.draw();
  }

  set(filters) {
    this.chosen = new Set(filters.language);
    this.from.value = wholeDay(filters.published_from, false);
    this.to.value = wholeDay(filters.published_to, true);
    this.draw();
  }

  value() {
    return {
      language: [...this.chosen],
      published_from: this.from.value || null,
      published_to: this.to.value || null,
    };
  }

  reset() {
    this.set({ language: [], published_from: null, published_to: null });
    this.changed();
  }

  draw() {
    const codes = new Set([...this.known.keys(), ...this.chosen]);
    const focused = this.languages.contains(document.activeElement) ? document.activeElement.value : null;
    this.languages.replaceChildren(
      ...[...codes].map((code) => {
        const box = element("input", { type: "checkbox", value: code, onchange: () => this.toggle(code) });
        box.checked = this.chosen.has(code);
        const count = this.known.get(code);
        const name = element("span", {}, languageName(code));
        return element(
          "label",
          { class: "choice" },
          box,
          name,
          count === undefined ? null : element("span", { class: "count" }, number(count)),
        );
      }),
    );
    if (focused) this.languages.querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
    this.clear.hidden = countOf(this.value()) === 0;
  }

  toggle(code) {
    if (!this.chosen.delete(code)) this.chosen.add(code);
    this.clear.hidden = countOf(this.value()) === 0;
    this.changed();
  }
}

/** A field for days needs one: the first or the last of what an address may say, "2022-09". */
function wholeDay(date, last) {
  if (!date) return "";
  const [year, month, day] = date.split("-");
  const inMonth = month ?? (last ? "12" : "01");
  const end = new Date(Date.UTC(Number(year), Number(inMonth), 0)).getUTCDate();
  return `${year}-${inMonth}-${day ?? (last ? end : "01")}`;
}
