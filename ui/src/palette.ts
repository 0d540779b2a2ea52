const PAUSE = 120;
const MOST_COMMANDS = 6;

interface Command {
  words: string;
  alsoFoundBy: string;
  hint: string;
  icon: Element | null;
  run: () => void;
}

/**
 * Search, go and do in one box. Commands are what the page marks with `data-command`, places are the links of the
 * navigation, and the rest comes from the server as options ready to be shown.
 */
export class CommandPalette extends HTMLElement {
  #timer = 0;
  #asked = new AbortController();
  #commands = new Map<Element, () => void>();
  #found: Element[] = [];

  connectedCallback(): void {
    this.#input.addEventListener("input", () => this.#onInput());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("[role='option']");
      if (option && this.#commands.has(option)) {
        event.preventDefault();
        this.#choose(option);
      }
    });
    this.#input.addEventListener("focus", () => this.#onInput());
    this.#dialog?.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog?.close();
    });
  }

  get #dialog(): HTMLDialogElement | null {
    return this.closest("dialog");
  }

  get #input(): HTMLInputElement {
    return this.querySelector("input") as HTMLInputElement;
  }

  get #list(): HTMLElement {
    return this.querySelector("[role='listbox']") as HTMLElement;
  }

  get #options(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>("[role='option']")];
  }

  #onInput(): void {
    clearTimeout(this.#timer);
    this.#asked.abort();
    this.#found = [];
    this.#show();
    const query = this.#input.value.trim();
    if (query && this.dataset.search) this.#timer = setTimeout(() => void this.#search(query), PAUSE);
  }

  async #search(query: string): Promise<void> {
    this.#asked = new AbortController();
    const address = `${this.dataset.search}?q=${encodeURIComponent(query)}`;
    const headers = { "HX-Request": "true", "HX-Target": "div#palette-list" };
    try {
      const answer = await fetch(address, { headers, signal: this.#asked.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.#found = [...page.body.querySelectorAll("[role='group']")].map((group) => document.adoptNode(group));
      this.#show();
    } catch {
      // A newer question took its place, or the server is away; what the page knows is still offered.
    }
  }

  #show(): void {
    const chosen = this.#input.getAttribute("aria-activedescendant");
    const query = this.#input.value.trim().toLowerCase();
    this.#commands.clear();
    const groups = [
      this.#group("do", pageCommands().filter((command) => matches(command, query))),
      ...this.#found,
      this.#group("go", places().filter((place) => matches(place, query))),
    ].filter((group) => group !== null);
    this.#list.replaceChildren(...groups);
    const none = this.querySelector<HTMLElement>("[data-none]");
    if (none) none.hidden = groups.length > 0;
    this.#options.forEach((option, index) => (option.id = `palette-${index}`));
    const again = this.#found.length ? this.#options.findIndex((option) => option.id === chosen) : 0;
    this.#mark(Math.max(0, again));
  }

  #group(kind: string, commands: Command[]): Element | null {
    const shape = this.querySelector<HTMLTemplateElement>(`template[data-group="${kind}"]`);
    if (!shape || !commands.length) return null;
    const group = (shape.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    for (const { words, hint, icon, run } of commands.slice(0, MOST_COMMANDS)) {
      const option = document.createElement("div");
      option.setAttribute("role", "option");
      const sign = icon ?? this.querySelector<HTMLTemplateElement>("template[data-sign]")?.content.firstElementChild;
      if (sign) option.append(sign.cloneNode(true));
      option.append(textOf("span", words), textOf("span", hint, "hint"));
      this.#commands.set(option, run);
      group.append(option);
    }
    return group;
  }

  #onKey(event: KeyboardEvent): void {
    const marked = this.#options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const last = this.#options.length - 1;
    if (event.key === "ArrowDown") this.#mark(marked >= last ? 0 : marked + 1);
    else if (event.key === "ArrowUp") this.#mark(marked <= 0 ? last : marked - 1);
    else if (event.key === "Enter" && this.#options[marked]) this.#choose(this.#options[marked]);
    else return;
    event.preventDefault();
  }

  #mark(index: number): void {
    this.#options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.#options[index];
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  #choose(option: Element): void {
    const run = this.#commands.get(option);
    this.#dialog?.close();
    if (run) run();
    else if (option instanceof HTMLAnchorElement) location.assign(option.href);
  }
}

function pageCommands(): Command[] {
  return [...document.querySelectorAll<HTMLElement>("[data-command]")].map((element) => ({
    words: element.dataset.command || element.textContent?.trim() || "",
    alsoFoundBy: element.dataset.words ?? "",
    hint: element.dataset.commandHint ?? "",
    icon: element.querySelector("svg"),
    run: () => {
      element.focus();
      element.click();
    },
  }));
}

function places(): Command[] {
  return [...document.querySelectorAll<HTMLAnchorElement>("#side .full a[href]")].map((link) => ({
    words: link.querySelector("[data-word]")?.textContent?.trim() ?? link.textContent?.trim() ?? "",
    alsoFoundBy: link.dataset.words ?? "",
    hint: link.dataset.group ?? "",
    icon: link.querySelector("svg") ?? document.querySelector(`#side .rail-only [aria-label="${link.dataset.group}"] svg`),
    run: () => location.assign(link.href),
  }));
}

/** Each word that was typed must begin a word of what is offered. */
function matches(command: Command, query: string): boolean {
  const parts = `${command.words} ${command.alsoFoundBy} ${command.hint}`.toLowerCase().split(/\s+/);
  return query.split(/\s+/).every((typed) => parts.some((part) => part.startsWith(typed)));
}

function textOf(tag: string, text: string, name = ""): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = name;
  return element;
}
