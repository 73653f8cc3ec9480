// Sends files, one after the other, and shows how far each is and what became of it.
//
// XMLHttpRequest, because fetch does not tell how much of a body has been sent.

import { announce, element } from "./dom.js";
import { explained } from "./message.js";
import { Problem } from "./service.js";
import { words } from "./documents_words.js";

const TYPES = ".txt,.text,.md,.markdown,.html,.htm,.pdf,.docx";

export class UploadArea {
  /** `changed` is called when documents have come or changed. */
  constructor(changed) {
    this.changed = changed;
    this.queue = Promise.resolve();
    this.files = element("input", {
      type: "file",
      id: "files",
      multiple: true,
      accept: TYPES,
      class: "unseen",
      tabindex: "-1",
      "aria-hidden": "true",
      onchange: () => {
        this.add(this.files.files);
        this.files.value = ""; // so that the same file can be chosen again
      },
    });
    this.button = element("button", { type: "button", class: "primary", onclick: () => this.files.click() }, words.add);
    this.list = element("ul", { class: "uploads", "aria-label": words.uploads });
    this.dismiss = element("button", { type: "button", class: "quiet", onclick: () => this.clear() }, words.dismiss);
    this.dismiss.hidden = true;
    this.node = element(
      "div",
      { class: "upload", "data-drop": words.drop },
      element("p", { class: "upload-start" }, this.button, this.files, element("span", { class: "hint" }, element("span", { class: "by-mouse" }, words.dropHint, " "), words.types)),
      this.list,
      this.dismiss,
    );
  }

  /** Takes files dropped anywhere while the view is shown. */
  listen(view) {
    let depth = 0; // enter and leave come for every element on the way
    const drag = (change) => (event) => {
      if (view.hidden || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      depth = Math.max(0, change(depth));
      document.body.classList.toggle("dropping", depth > 0);
    };
    addEventListener("dragenter", drag((n) => n + 1));
    addEventListener("dragleave", drag((n) => n - 1));
    addEventListener("dragover", drag((n) => n));
    addEventListener("drop", (event) => {
      const files = event.dataTransfer?.files ?? [];
      drag(() => 0)(event);
      if (!view.hidden && files.length) this.add(files);
    });
  }

  add(files) {
    this.dismiss.hidden = false;
    for (const file of files) {
      const row = new UploadRow(file);
      this.list.append(row.node);
      this.queue = this.queue.then(() => row.send()).then((taken) => taken && this.changed());
    }
  }

  clear() {
    for (const row of this.list.querySelectorAll(".done, .failed")) row.remove();
    this.dismiss.hidden = this.list.children.length === 0;
    this.button.focus();
  }
}

class UploadRow {
  constructor(file) {
    this.file = file;
    this.bar = element("progress", { max: "1", value: "0", "aria-label": words.progress(file.name) });
    this.state = element("span", { class: "upload-state" }, words.waiting);
    this.node = element("li", {}, element("span", { class: "upload-name", dir: "auto" }, file.name), this.bar, this.state);
  }

  /** Sends the file; whether the service took it. */
  async send() {
    try {
      const body = await this.transfer();
      const [change] = body.documents;
      this.finish("done", this.outcome(change));
      return true;
    } catch (error) {
      this.finish("failed", ...(error instanceof Problem ? explained(error) : [words.notSent]));
      return false;
    }
  }

  transfer() {
    const form = new FormData();
    form.append("file", this.file, this.file.name);
    return new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      sending.open("POST", "/v1/files");
      sending.responseType = "json";
      sending.upload.onprogress = ({ loaded, total }) => {
        this.bar.value = total ? loaded / total : 0;
        this.state.textContent = words.sending;
      };
      sending.upload.onload = () => {
        this.bar.removeAttribute("value"); // sent; how long reading takes is not known
        this.state.textContent = words.reading;
      };
      sending.onload = () => {
        if (sending.status < 300 && sending.response) resolve(sending.response);
        else reject(new Problem(sending.response, sending.status));
      };
      // A folder, a file that is gone, or a service that is.
      sending.onerror = () => reject(new Error(words.notSent));
      sending.send(form);
    });
  }

  outcome(change) {
    const link = element("a", { href: `/documents/${change.id}` }, words.outcome[change.status]);
    return element("span", {}, link, ` · ${words.passages(change.passages, change.passages)}`);
  }

  finish(state, ...content) {
    this.bar.remove();
    this.node.classList.add(state);
    this.state.replaceChildren(...content);
    announce(`${this.file.name}: ${this.state.textContent}`);
  }
}
