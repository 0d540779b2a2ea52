import htmx from "htmx.org/dist/htmx.esm.js";

const NARROW = matchMedia("(max-width: 760px)");

let opener: HTMLElement | null = null;

/**
 * Links with `data-drawer` open beside the page instead of in place of it. On wide screens the navigation folds to a
 * rail and the page makes room; on narrow ones the drawer is a sheet from below.
 */
export function watchDrawer(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("[data-drawer-close]")) return closeDrawer();
    const link = target.closest<HTMLAnchorElement>("a[data-drawer]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link === opener && drawer()?.open) closeDrawer();
    else void openDrawer(link);
  });
  document.addEventListener("keydown", (event) => {
    const modal = document.querySelector("dialog:modal:not(#drawer), details.menu[open]");
    if (event.key === "Escape" && drawer()?.open && !modal) {
      event.preventDefault();
      closeDrawer();
    }
  });
  NARROW.addEventListener("change", () => {
    if (drawer()?.open) show();
  });
}

function drawer(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("#drawer");
}

async function openDrawer(link: HTMLAnchorElement): Promise<void> {
  const body = document.querySelector<HTMLElement>("#drawer-body");
  const content = body && drawer() ? await fetchReason(link.href) : null;
  if (!body || !content) return location.assign(link.href);
  opener?.setAttribute("aria-expanded", "false");
  opener = link;
  link.setAttribute("aria-expanded", "true");
  body.replaceChildren(content);
  htmx.process(body);
  drawer()?.querySelector("[data-drawer-page]")?.setAttribute("href", link.href);
  show();
  drawer()?.scrollTo({ top: 0 });
  drawer()?.querySelector<HTMLElement>("[data-drawer-close]")?.focus({ preventScroll: true });
}

/** The part of a page that stands in the drawer: what it marks as such, or its whole answer when it is a fragment. */
async function fetchReason(address: string): Promise<Node | null> {
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "dialog#drawer" } });
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const reason = page.querySelector("[data-drawer-content]");
    if (reason) return lowered(document.adoptNode(reason));
    const whole = document.createElement("article");
    whole.className = "reason";
    whole.append(...Array.from(page.body.childNodes, (node) => document.adoptNode(node)));
    return page.querySelector("main") ? null : whole;
  } catch {
    return null;
  }
}

/** The page beside it has the heading of the first level, so those in the drawer step down. */
function lowered(reason: Element): Element {
  for (const heading of reason.querySelectorAll("h1, h2")) {
    const lower = document.createElement(heading.localName === "h1" ? "h2" : "h3");
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  return reason;
}

function show(): void {
  const panel = drawer();
  if (!panel) return;
  // The event comes later than the call, so closing to open in the other way is told by `open` being true again.
  if (panel.open) panel.close();
  panel.addEventListener("close", onClose);
  if (NARROW.matches) panel.showModal();
  else panel.show();
  document.querySelector(".app")?.classList.add("folded");
}

function closeDrawer(): void {
  drawer()?.close();
}

function onClose(): void {
  if (drawer()?.open) return;
  document.querySelector(".app")?.classList.remove("folded");
  opener?.setAttribute("aria-expanded", "false");
  opener?.focus({ preventScroll: true });
  opener = null;
}
