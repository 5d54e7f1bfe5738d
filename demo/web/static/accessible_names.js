// Says to screen readers what Gradio leaves out: the names of buttons that hold nothing but a
// picture (an example by its file, an answer by its label), and what an empty gallery is. The
// tooltip of a choice is what the page calls it, not its value.
(() => {
  const nameOf = (button, image) => {
    if (button.matches(".gallery-item")) return decodeURIComponent(image.src.split("/").pop());
    return button.closest(".block")?.querySelector("[data-testid=block-label]")?.textContent.trim();
  };
  const name = () => {
    const found = "button.gallery-item:not([aria-label]), .image-container button:not([aria-label])";
    for (const button of document.querySelectorAll(found)) {
      const image = button.querySelector("img");
      if (image && !button.textContent.trim()) button.ariaLabel = nameOf(button, image) || image.alt;
    }
    for (const choice of document.querySelectorAll("label > input[title]"))
      choice.title = choice.parentElement.textContent.trim() || choice.title;
    for (const empty of document.querySelectorAll("div.empty[aria-label]:not([role])")) empty.role = "img";
  };
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
    name();
  });
})();
