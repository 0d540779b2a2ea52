const PLAIN = 8_000;
const WITH_A_WAY_BACK = 30_000;

/** A note that goes by itself, unless somebody is reading or about to undo; with an undo it stays longer. */
export class ToastNote extends HTMLElement {
  #timer = 0;

  connectedCallback(): void {
    this.querySelector("[data-close]")?.addEventListener("click", () => this.remove());
    for (const kind of ["pointerenter", "focusin"]) this.addEventListener(kind, () => clearTimeout(this.#timer));
    for (const kind of ["pointerleave", "focusout"]) this.addEventListener(kind, () => this.#start());
    this.#start();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    clearTimeout(this.#timer);
    const stays = this.querySelector("form, a") ? WITH_A_WAY_BACK : PLAIN;
    this.#timer = setTimeout(() => this.remove(), stays);
  }
}
