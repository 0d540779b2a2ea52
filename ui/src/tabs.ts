/** Where a bar of tabs is wider than the page, the tab one is on is in sight from the beginning. */
export function showCurrentTabs(): void {
  for (const tab of document.querySelectorAll<HTMLElement>(".tabs > [aria-current]")) {
    const bar = tab.parentElement as HTMLElement;
    const offset = tab.getBoundingClientRect().left - bar.getBoundingClientRect().left;
    bar.scrollLeft = offset - (bar.clientWidth - tab.offsetWidth) / 2;
  }
}
