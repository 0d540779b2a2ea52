import { isWriting, singleKeysOn } from "./keys";

/** Walks the rows of the table inside it: j and k, Enter opens, x marks. A click on a row opens it too. */
export class TableRows extends HTMLElement {
  #here = -1;
  #onKey = (event: KeyboardEvent): void => {
    const busy = isWriting(event) || event.metaKey || event.ctrlKey || event.altKey;
    if (busy || !singleKeysOn() || document.querySelector("dialog:modal, details.menu[open]")) return;
    if (event.key === "j") this.#move(1);
    else if (event.key === "k") this.#move(-1);
    else if (event.key === "Enter" && this.#rows[this.#here] === event.target) this.#open(this.#here);
    else if (event.key === "x" && this.#rows[this.#here] === event.target) this.#tick(this.#here);
    else return;
    event.preventDefault();
  };

  connectedCallback(): void {
    document.addEventListener("keydown", this.#onKey);
    this.addEventListener("click", (event) => {
      const target = event.target as Element;
      const row = target.closest<HTMLElement>("tr[data-href]");
      if (!row || target.closest("a, button, input, label, summary") || getSelection()?.toString()) return;
      if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
      else this.#open(this.#rows.indexOf(row));
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#onKey);
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("tbody tr[data-href]")];
  }

  #move(step: number): void {
    const rows = this.#rows;
    const focused = rows.findIndex((row) => row === document.activeElement);
    const from = focused >= 0 ? focused : this.#here;
    this.#here = Math.min(rows.length - 1, Math.max(0, from + step));
    for (const row of rows) row.removeAttribute("tabindex");
    const row = rows[this.#here];
    if (!row) return;
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  #open(index: number): void {
    const address = this.#rows[index]?.dataset.href;
    if (address) location.assign(address);
  }

  #tick(index: number): void {
    this.#rows[index]?.querySelector<HTMLInputElement>("input[type='checkbox']")?.click();
  }
}
