const SHOWN_FOR = 2000;

/** Copies its `data-value` and says so for a moment. */
export class CopyButton extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", () => void this.#copy());
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.dataset.value ?? "");
    } catch {
      return; // Without the right to the clipboard the text is still there to be marked.
    }
    const said = this.querySelector<HTMLElement>("[data-done]");
    if (!said) return;
    said.textContent = said.dataset.done ?? "";
    setTimeout(() => (said.textContent = ""), SHOWN_FOR);
  }
}
