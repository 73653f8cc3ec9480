// Makes elements. Every text goes in as text, never as markup: documents may hold anything.

/** An element with attributes, listeners (`onclick`) and children; null children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(key.replace(/^on/, ""), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Attributes of a foreign text: its language, and the direction of its script. */
export const foreign = (language) => ({ lang: language ?? "", dir: "auto" });

/** Asks the frame for another address. */
export function go(address, state) {
  dispatchEvent(new CustomEvent("go", { detail: { address: String(address), state } }));
}

/** Tells a screen reader, without showing anything. */
export function announce(text) {
  const notice = element("p", { class: "unseen" }, text);
  document.getElementById("notices").append(notice);
  setTimeout(() => notice.remove(), 4000);
}
