// The page shows itself once it is whole and nothing in it has moved for a moment: until then
// `loading.html` says that it is on its way.
(() => {
  const quietMs = 150, longestMs = 10_000;
  const root = document.documentElement;
  root.classList.add("loading");
  document.addEventListener("DOMContentLoaded", () => {
    let waiting = 0;
    const show = () => { observer.disconnect(); clearTimeout(latest); root.classList.remove("loading"); };
    const observer = new MutationObserver(() => {
      clearTimeout(waiting);
      if (document.querySelector("#footer .foot")) waiting = setTimeout(show, quietMs);
    });
    observer.observe(document.body, { childList: true, subtree: true, attributes: true });
    // Whatever keeps it busy, a page that moves is better than none.
    const latest = setTimeout(show, longestMs);
  });
})();
