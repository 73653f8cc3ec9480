// Deletes documents so that it can be undone: the service is only told when the time to undo is
// over.
//
// The other way, deleting at once and putting the text back, could lose a document: its pages and
// the day it was added cannot be put back, nor anything if the page is closed or the service gone
// in between. Here, until it is told, nothing has happened, and if the browser dies nothing ever
// does. On leaving the page the service is told at once: the reader has decided, and cannot undo
// any more.

import { announce, element } from "./dom.js";
import { nameOf } from "./facts.js";
import { explained } from "./message.js";
import { request } from "./service.js";
import { words } from "./documents_words.js";

const SECONDS = 10;
const notices = document.getElementById("notices");
const pending = new Map(); // id of the document -> Deletion

export const isPending = (id) => pending.has(id);

/** Begins to delete; `kept` is called when it is undone or refused, `gone` when it is done. */
export function remove(document, { kept, gone }) {
  if (!pending.has(document.id)) pending.set(document.id, new Deletion(document, kept, gone));
}

class Deletion {
  constructor(document, kept, gone) {
    this.document = document;
    this.name = nameOf(document);
    this.kept = kept;
    this.gone = gone;
    this.left = SECONDS;
    this.seconds = element("span", { "aria-hidden": "true" });
    this.button = element("button", { type: "button", "aria-label": words.undo, onclick: () => this.undo() }, this.seconds);
    this.notice = element("div", { class: "notice" }, element("p", { dir: "auto" }, words.removing(this.name)), this.button);
    notices.append(this.notice);
    this.draw();
    this.timer = setInterval(() => this.tick(), 1000);
    this.button.focus();
  }

  draw() {
    this.seconds.textContent = words.undoIn(this.left);
  }

  tick() {
    // Whoever is at the button is about to press it.
    if (this.notice.matches(":hover")) return;
    this.left -= 1;
    this.draw();
    if (this.left <= 0) this.send();
  }

  undo() {
    this.end();
    this.kept();
    announce(words.kept(this.name));
  }

  async send() {
    const focused = this.notice.contains(document.activeElement);
    this.end();
    if (focused) document.getElementById("main").focus({ preventScroll: true });
    try {
      const path = `/v1/documents/${this.document.id}`;
      // Someone may have put a new version in the meantime, which nobody here has seen.
      const now = await request(path);
      if (now.sha256 !== this.document.sha256) {
        this.refused(words.changedSince);
        return;
      }
      await request(path, { method: "DELETE" });
    } catch (error) {
      if (error.status !== 404) {
        this.refused(...explained(error));
        return;
      }
    }
    this.gone();
    announce(words.removed(this.name));
    dispatchEvent(new Event("documents-changed"));
  }

  refused(...reason) {
    this.kept();
    const notice = element("div", { class: "notice problem" }, element("p", {}, words.notRemoved(this.name), " ", ...reason));
    notices.append(notice);
    setTimeout(() => notice.remove(), 10000);
  }

  end() {
    clearInterval(this.timer);
    pending.delete(this.document.id);
    this.notice.remove();
  }
}

addEventListener("pagehide", () => {
  for (const [id, deletion] of pending) {
    deletion.end();
    fetch(`/v1/documents/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
  }
});
