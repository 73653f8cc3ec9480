// Shows messages and problems in their place, with what can be done about them.

import { element } from "./dom.js";
import { Problem } from "./service.js";
import { say } from "./strings.js";

/** Replaces what a place for messages says; nothing clears it. */
export function tell(place, ...content) {
  place.classList.remove("problem");
  place.replaceChildren(...content);
}

/** Shows what went wrong, and a button to try again where that may help. */
export function complain(place, error, retry) {
  if (!(error instanceof Problem)) throw error;
  const again = retry && (error.status === 0 || error.status >= 500);
  place.classList.add("problem");
  place.replaceChildren(...explained(error));
  if (again) {
    place.append(" ", element("button", { type: "button", class: "quiet", onclick: retry }, say.retry));
  }
}

/** A problem in words, the service's own explanation last. */
export function explained(error) {
  const detail = error.detail
    ? [" ", element("span", { class: "detail", lang: error.detailLanguage }, error.detail)]
    : [];
  return [error.message, ...detail];
}
