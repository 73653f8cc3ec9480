// The page: asks, and shows what the service answers. Text is never sliced here, because
// JavaScript counts UTF-16 and offsets count code points: the service sends the pieces. It is only
// ever inserted as text, never as markup.

const STRINGS = {
  en: {
    about: "Ask in any language; get the exact passage.",
    label: "Your question",
    ask: "Ask",
    asking: "Searching …",
    unanswered: "These documents do not answer the question. The nearest passages are:",
    nothing: "Nothing was found.",
    empty: "There are no documents yet. Add some with “fundstelle add FOLDER”.",
    unreachable: "The service does not answer. Is it running?",
    line: (first, last) => (first === last ? `line ${first}` : `lines ${first}–${last}`),
    page: (number) => `page ${number}`,
    chance: ["very likely", "likely", "possible", "unlikely"],
    documents: (count) => (count === "1" ? "1 document" : `${count} documents`),
    took: (ms) => `${ms} ms`,
  },
  de: {
    about: "In jeder Sprache fragen; die genaue Fundstelle bekommen.",
    label: "Ihre Frage",
    ask: "Fragen",
    asking: "Suche …",
    unanswered: "Diese Dokumente beantworten die Frage nicht. Am nächsten kommen diese Stellen:",
    nothing: "Nichts gefunden.",
    empty: "Es gibt noch keine Dokumente. Hinzufügen mit „fundstelle add ORDNER“.",
    unreachable: "Der Dienst antwortet nicht. Läuft er?",
    line: (first, last) => (first === last ? `Zeile ${first}` : `Zeilen ${first}–${last}`),
    page: (number) => `Seite ${number}`,
    chance: ["sehr wahrscheinlich", "wahrscheinlich", "möglich", "unwahrscheinlich"],
    documents: (count) => (count === "1" ? "1 Dokument" : `${count} Dokumente`),
    took: (ms) => `${ms} ms`,
  },
};
const locale = navigator.language || "en";
const tongue = locale.toLowerCase().startsWith("de") ? "de" : "en";
const say = STRINGS[tongue];
const $ = (id) => document.getElementById(id);

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function chance(score) {
  const word = say.chance[score >= 0.8 ? 0 : score >= 0.5 ? 1 : score >= 0.2 ? 2 : 3];
  return `${word} (${new Intl.NumberFormat(locale, { style: "percent" }).format(score)})`;
}

function languageName(code) {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function place(citation, score) {
  const made = $("place").content.cloneNode(true);
  const link = made.querySelector(".source");
  link.textContent = citation.title || citation.source;
  link.href = citation.url;
  const facts = [
    citation.title ? citation.source : null,
    citation.published,
    citation.page ? say.page(citation.page) : null,
    say.line(...citation.lines),
    citation.language ? languageName(citation.language) : null,
    score === undefined ? null : chance(score),
  ];
  made.querySelector(".facts").textContent = facts
    .filter(Boolean)
    .map((fact) => ` · ${fact}`)
    .join("");
  return made;
}

function quote(pieces, citation) {
  const made = element("blockquote", "quote");
  if (citation.language) made.lang = citation.language;
  made.dir = "auto";
  for (const piece of pieces) {
    made.append(piece.highlighted ? element("mark", "", piece.text) : piece.text);
  }
  return made;
}

function show(answer) {
  const best = answer.answer;
  $("answer").hidden = !best;
  if (best) {
    const pieces = [{ text: best.text, highlighted: false }];
    $("answer").replaceChildren(quote(pieces, best.citation), place(best.citation));
  }
  $("results").replaceChildren(
    ...answer.results.map((result) => {
      const item = element("li", "");
      item.append(quote(result.pieces, result.citation), place(result.citation, result.score));
      return item;
    }),
  );
  const count = new Intl.NumberFormat(locale);
  const took = count.format(Math.ceil(answer.took_ms));
  $("index").textContent = `${say.documents(count.format(answer.index.documents))} · ${say.took(took)} ·`;
  tell(
    answer.index.documents === 0 ? say.empty
      : answer.results.length === 0 ? say.nothing
      : answer.answerable ? "" : say.unanswered,
  );
}

function tell(text, isProblem = false) {
  $("message").textContent = text;
  $("message").classList.toggle("problem", isProblem);
}

let latest = 0;

async function ask(question) {
  const mine = ++latest;
  const button = $("ask").querySelector("button");
  button.disabled = true;
  tell(say.asking);
  try {
    const response = await fetch(`/page/answer?${new URLSearchParams({ question })}`);
    const body = await response.json();
    if (mine !== latest) return;
    if (response.ok) {
      show(body);
    } else {
      $("answer").hidden = true;
      $("results").replaceChildren();
      tell(body.detail, true);
    }
  } catch {
    if (mine === latest) tell(say.unreachable, true);
  } finally {
    if (mine === latest) button.disabled = false;
  }
}

function fromAddress() {
  const question = new URLSearchParams(location.search).get("q") ?? "";
  $("question").value = question;
  if (question.trim()) ask(question);
}

document.documentElement.lang = tongue;
for (const node of document.querySelectorAll("[data-text]")) {
  node.textContent = say[node.dataset.text];
}
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = $("question").value.trim();
  if (!question) return;
  history.pushState(null, "", `/?${new URLSearchParams({ q: question })}`);
  ask(question);
});
addEventListener("popstate", fromAddress);
fromAddress();
