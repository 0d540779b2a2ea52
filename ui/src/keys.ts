import { keepChoice } from "./cookies";

const KEPT_AS = "marops_keys";

/** Whether the person is writing, so that a letter is a letter. */
export function isWriting(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

/** Single keys can be switched off, as WCAG 2.1.4 asks: speech and switch users press them by accident. */
export function singleKeysOn(): boolean {
  return document.documentElement.dataset.keys !== "off";
}

/** Cmd or Ctrl with K and "/" open the palette, "?" the list of keys. */
export function watchKeys(): void {
  document.addEventListener("keydown", (event) => {
    const single = singleKeysOn() && !isWriting(event) && !event.metaKey && !event.ctrlKey && !event.altKey;
    const command = event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.shiftKey;
    if (command || (single && event.key === "/")) open(event, "#palette");
    else if (single && event.key === "?") open(event, "#keys");
    else if (single && /^[a-z]$/.test(event.key)) press(event);
  });
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-opens]");
    if (opener && !event.metaKey && !event.ctrlKey && !event.shiftKey) open(event, opener.dataset.opens ?? "");
  });
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (!box.matches("[data-single-keys]")) return;
    document.documentElement.dataset.keys = box.checked ? "on" : "off";
    keepChoice(KEPT_AS, box.checked ? "" : "off");
  });
}

/** A letter presses the button that bears it; a held key presses once. */
function press(event: KeyboardEvent): void {
  if (event.repeat || document.querySelector("dialog[open]")) return;
  const button = document.querySelector<HTMLElement>(`[data-key="${event.key}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

function open(event: Event, selector: string): void {
  const dialog = selector ? document.querySelector<HTMLDialogElement>(selector) : null;
  if (!dialog) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
}
