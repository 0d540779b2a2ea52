import { keepChoice } from "./cookies";

const KEPT_AS = "marops_theme";

/**
 * Light, dark, or as the system has it. The form inside works without this script; with it the page changes at once.
 * The cookie lets the server write the right theme into the next page, so nothing flashes; the storage tells open tabs.
 */
export class ThemeChoice extends HTMLElement {
  #onStorage = (event: StorageEvent): void => {
    if (event.key === KEPT_AS) this.#show(event.newValue ?? "");
  };

  connectedCallback(): void {
    addEventListener("storage", this.#onStorage);
    this.addEventListener("submit", (event) => {
      const chosen = event.submitter?.getAttribute("value");
      if (chosen === null || chosen === undefined) return;
      event.preventDefault();
      this.#choose(chosen === "system" ? "" : chosen);
    });
  }

  disconnectedCallback(): void {
    removeEventListener("storage", this.#onStorage);
  }

  #choose(theme: string): void {
    keepChoice(KEPT_AS, theme);
    try {
      localStorage.setItem(KEPT_AS, theme);
    } catch {
      // A private window may refuse; the cookie is enough.
    }
    this.#show(theme);
  }

  #show(theme: string): void {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    for (const button of this.querySelectorAll("button[value]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("value") === (theme || "system")));
    }
  }
}
