declare module "htmx.org/dist/htmx.esm.js" {
  export { default } from "htmx.org/dist/htmx";
}
