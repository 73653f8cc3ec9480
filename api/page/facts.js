// Says what is known of a document or a passage in the reader's language: dates, languages,
// numbers, scores in words. Knows no elements.

import { locale, say } from "./strings.js";

const numbers = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });

export const number = (value) => numbers.format(value);

/** How likely a passage answers, in words and as a sentence with the number. */
export function chance(score) {
  const words = say.chance[score >= 0.8 ? 0 : score >= 0.5 ? 1 : score >= 0.2 ? 2 : 3];
  return { words, explained: say.chanceExplained(percents.format(score)) };
}

/** 0 (unlikely) to 3 (very likely), for the eye. */
export const chanceLevel = (score) => (score >= 0.8 ? 3 : score >= 0.5 ? 2 : score >= 0.2 ? 1 : 0);

export function languageName(code) {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

/** "2022-09" as "September 2022": never more precise than it is known. */
export function date(published) {
  const [year, month, day] = published.split("-").map(Number);
  const shown = new Date(0);
  shown.setUTCFullYear(year, (month || 1) - 1, day || 1);
  return new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    year: "numeric",
    month: month ? "long" : undefined,
    day: day ? "numeric" : undefined,
  }).format(shown);
}

/** What a document or a citation's document is called, for people. */
export function nameOf({ title, source, id, document_id }) {
  // "api" is where it came from when nobody said, and the same for all of them.
  return title || (source === "api" ? document_id ?? id : source);
}

/** Where a document came from, unless its name says so or nobody knows. */
export function sourceOf(document) {
  return document.source === "api" || document.source === nameOf(document) ? null : document.source;
}

/** Pages and lines of a citation. */
export function whereabouts(citation) {
  const lines = say.line(...citation.lines);
  return citation.pages ? `${say.page(...citation.pages)}, ${lines}` : lines;
}

/** Source, date, language and place of a citation, as far as they are known. */
export function factsOf(citation) {
  return [
    sourceOf(citation),
    citation.published ? date(citation.published) : null,
    citation.language ? languageName(citation.language) : null,
    whereabouts(citation),
  ].filter(Boolean);
}

/** The link to share: it says where, and names the citation, so that a later change is noticed. */
export function linkTo(citation) {
  const url = new URL(citation.url, location.origin);
  url.searchParams.set("citation", citation.id);
  return url.href;
}

/** A quote with its source, as plain text for a manuscript. */
export function asPlainText(citation) {
  const [open, close] = say.quotationMarks;
  const source = [
    nameOf(citation),
    sourceOf(citation),
    citation.published,
    whereabouts(citation),
    say.characters(citation.start, citation.end),
  ];
  return [
    `${open}${citation.quote}${close}`,
    source.filter(Boolean).join(", "),
    linkTo(citation),
    `SHA-256 ${citation.document_sha256}`,
  ].join("\n");
}
