/** A disclosure (`details`) whose pane closes on Escape or a click elsewhere and is walked with the arrow keys. */
export class MenuPane extends HTMLElement {
  #onOutside = (event: Event): void => {
    const target = event.target as Element;
    // A question that a button of this menu asks leaves it open, so that the focus can come back.
    if (!this.contains(target) && !target.closest?.("dialog:modal")) this.#close(false);
  };

  connectedCallback(): void {
    this.addEventListener("keydown", (event) => this.#onKey(event));
    document.addEventListener("click", this.#onOutside);
    document.addEventListener("focusin", this.#onOutside);
  }

  disconnectedCallback(): void {
    document.removeEventListener("click", this.#onOutside);
    document.removeEventListener("focusin", this.#onOutside);
  }

  get #details(): HTMLDetailsElement | null {
    return this.querySelector("details");
  }

  #close(returning: boolean): void {
    if (!this.#details?.open) return;
    this.#details.open = false;
    if (returning) this.querySelector<HTMLElement>("summary")?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#details?.open) {
      event.stopPropagation();
      this.#close(true);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.#details || (event.target as Element).matches("input, select, textarea")) return;
    event.preventDefault();
    this.#details.open = true;
    const stops = [...this.querySelectorAll<HTMLElement>(".pane :is(a, button)")].filter((stop) => stop.checkVisibility());
    const here = stops.indexOf(document.activeElement as HTMLElement);
    const next = here < 0 ? (step > 0 ? 0 : stops.length - 1) : (here + step + stops.length) % stops.length;
    stops[next]?.focus();
  }
}

/** The navigation on narrow screens. Without scripts its button is a link to it and `:target` shows it. */
export function watchSideMenu(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const side = document.querySelector<HTMLElement>("#side");
    if (!side) return;
    if (target.closest("[data-side-menu]")) {
      event.preventDefault();
      setOpen(side, !side.classList.contains("open"));
    } else if (target.closest(".menu-close") || (side.classList.contains("open") && !side.contains(target))) {
      event.preventDefault();
      setOpen(side, false);
    }
  });
  document.addEventListener("focusin", (event) => {
    const side = document.querySelector<HTMLElement>("#side.open");
    if (side && !side.contains(event.target as Node)) side.classList.remove("open");
  });
  document.addEventListener("keydown", (event) => {
    const side = document.querySelector<HTMLElement>("#side.open");
    if (event.key === "Escape" && side) setOpen(side, false);
  });
}

function setOpen(side: HTMLElement, open: boolean): void {
  const button = document.querySelector<HTMLElement>("[data-side-menu]");
  const was = side.classList.contains("open");
  side.classList.toggle("open", open);
  button?.setAttribute("aria-expanded", String(open));
  if (open) side.querySelector<HTMLElement>("a[aria-current], .menu-close")?.focus();
  else if (was) button?.focus();
}
