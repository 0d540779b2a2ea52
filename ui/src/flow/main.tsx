// The editor of a workflow. Only its own page loads this bundle; the outline can do the same without it.
import { createRoot } from "react-dom/client";
import { Editor } from "./editor";

const place = document.getElementById("flow");
if (place) {
  place.replaceChildren();
  createRoot(place).render(<Editor />);
}
