/** Arrow keys go from box to box of a chart of people; Tab goes through all of them as ever. */
export function watchCharts(): void {
  document.addEventListener("keydown", (event) => {
    const here = (event.target as Element).closest<SVGAElement>("a[data-box]");
    if (!here || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
    const there = from(here, event.key);
    if (!there) return;
    event.preventDefault();
    there.focus();
  });
}

/** Up to whom somebody reports, down to the first who reports to them, aside to who stands beside them. */
function from(here: SVGAElement, key: string): SVGAElement | undefined {
  const boxes = [...(here.ownerSVGElement?.querySelectorAll<SVGAElement>("a[data-box]") ?? [])];
  const { box, above } = here.dataset;
  const known = new Set(boxes.map((one) => one.dataset.box));
  const head = (one: SVGAElement): string => (known.has(one.dataset.above) ? (one.dataset.above ?? "") : "");
  if (key === "ArrowUp") return boxes.find((one) => one.dataset.box === above);
  if (key === "ArrowDown") return boxes.find((one) => one.dataset.above === box);
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!step) return undefined;
  const beside = boxes.filter((one) => head(one) === head(here));
  return beside[beside.indexOf(here) + step];
}
