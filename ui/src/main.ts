// Everything that a plain page loads. Each module works on what htmx swaps in, and no page needs any of them.
import htmx from "htmx.org/dist/htmx.esm.js";
import { watchCharts } from "./charts";
import { watchConfirmations } from "./confirm";
import { CopyButton } from "./copy";
import { watchDrawer } from "./drawer";
import { ErrorSummary, watchForms } from "./forms";
import { watchKeys } from "./keys";
import { MenuPane, watchSideMenu } from "./menu";
import { CommandPalette } from "./palette";
import { watchPolling } from "./polling";
import { TableRows } from "./rows";
import { showCurrentTabs } from "./tabs";
import { ThemeChoice } from "./theme";
import { ToastNote } from "./toast";

// A 4xx page with a form is an answer like any other; only these change nothing.
htmx.config.noSwap = [204, 304];
document.documentElement.classList.add("scripted");

customElements.define("marops-copy", CopyButton);
customElements.define("marops-error-summary", ErrorSummary);
customElements.define("marops-menu", MenuPane);
customElements.define("marops-palette", CommandPalette);
customElements.define("marops-rows", TableRows);
customElements.define("marops-theme", ThemeChoice);
customElements.define("marops-toast", ToastNote);

showCurrentTabs();
watchCharts();
watchConfirmations();
watchDrawer();
watchForms();
watchKeys();
watchPolling();
watchSideMenu();
