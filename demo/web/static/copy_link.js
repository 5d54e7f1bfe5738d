// The button that copies the address of what the page shows.
(() => {
  "use strict";
  const DONE_MS = 2500;

  // Within a page of another site, and without https, a browser may refuse its clipboard.
  function copySelected(text) {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "off-screen" });
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copySelected(text);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("#copy-link");
    if (!button) return;
    const link = window.vitrineAddress.link();
    const copied = await copy(link);
    button.classList.toggle("done", copied);
    setTimeout(() => button.classList.remove("done"), DONE_MS);
    const byHand = document.getElementById("copy-link-by-hand");
    byHand.hidden = copied;
    byHand.querySelector("input").value = copied ? "" : link;
    if (!copied) byHand.querySelector("input").select();
    const status = document.getElementById("copy-link-status");
    const lang = document.documentElement.dataset.l;
    status.textContent = copied ? button.querySelector(`.copied [data-l=${lang}]`).textContent : "";
  });
})();
