/** What htmx asks with; its own types do not name the question. */
interface Asked {
  ctx: { confirm?: string; sourceElement: Element };
  issueRequest: () => void;
  dropRequest: () => void;
}

/** Asks before what carries `data-confirm` (forms, buttons, links) or `hx-confirm`, in a dialog of the page. */
export function watchConfirmations(): void {
  document.addEventListener("htmx:confirm", (event) => {
    const { ctx, issueRequest, dropRequest } = (event as CustomEvent).detail as Asked;
    const question = ctx.confirm;
    if (!question) return;
    event.preventDefault();
    void ask(question, ctx.sourceElement).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("click", onClick, { capture: true });
}

function onSubmit(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  const asker = event.submitter?.hasAttribute("data-confirm") ? event.submitter : form;
  const question = asker.getAttribute("data-confirm");
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopPropagation();
  void ask(question, asker).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter as HTMLElement | null);
    delete form.dataset.confirmed;
  });
}

function onClick(event: MouseEvent): void {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-confirm]");
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  void ask(link.dataset.confirm ?? "", link).then((yes) => yes && location.assign(link.href));
}

/** Shows the question and answers whether the person agreed. Focus returns to where it was. */
export function ask(question: string, asker: Element): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("#confirm");
  if (!dialog) return Promise.resolve(window.confirm(question));
  const words = dialog.querySelector<HTMLElement>("[data-question]");
  const yes = dialog.querySelector<HTMLButtonElement>("button[value='yes']");
  if (!words || !yes) return Promise.resolve(window.confirm(question));
  words.textContent = question;
  yes.textContent = asker.getAttribute("data-confirm-do") ?? yes.dataset.word ?? "";
  yes.classList.toggle("danger", asker.classList.contains("danger"));
  yes.classList.toggle("main-act", !asker.classList.contains("danger"));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
