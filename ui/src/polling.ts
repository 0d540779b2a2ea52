/** What asks again and again (`hx-trigger="every …"`) rests while nobody looks at the page. */
export function watchPolling(): void {
  document.addEventListener("htmx:before:request", (event) => {
    const source = (event as CustomEvent<{ ctx: { sourceEvent?: Event } }>).detail.ctx.sourceEvent;
    if (document.hidden && source?.type === "every") event.preventDefault();
  });
}
