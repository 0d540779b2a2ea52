/** Takes the focus when a form comes back with errors, so that keyboard and screen reader start there. */
export class ErrorSummary extends HTMLElement {
  connectedCallback(): void {
    if (this.dataset.quiet === undefined) this.querySelector<HTMLElement>("[tabindex]")?.focus();
    this.addEventListener("click", (event) => {
      const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='#']");
      const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!field) return;
      event.preventDefault();
      field.scrollIntoView({ block: "center" });
      (field.matches("input, select, textarea") ? field : field.querySelector<HTMLElement>("input"))?.focus();
    });
  }
}

/** A form that was sent is not sent twice, and its button says that it is working. */
export function watchForms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method === "dialog" || form.closest("marops-theme")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // An address holds only what was filled in.
  document.addEventListener("formdata", (event) => {
    if ((event.target as HTMLFormElement).method !== "get") return;
    const empty = [...event.formData].filter(([, value]) => value === "").map(([name]) => name);
    for (const name of empty) event.formData.delete(name);
  });
  // The page may come back from the browser's memory.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
}
