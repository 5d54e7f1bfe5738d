// Says to screen readers what Gradio leaves out: the names of buttons that hold nothing but a
// picture (an example by its file, an answer by its label), what an empty gallery is, and a heading
// for each tab, by which its panel is named, and which sections are open. The tooltip of a choice is
// what the page calls it, not its value. Lets the keyboard scroll what only the mouse could.
(() => {
  const nameOf = (button, image) => {
    if (button.matches(".gallery-item")) return decodeURIComponent(image.src.split("/").pop());
    return button.closest(".block")?.querySelector("[data-testid=block-label]")?.textContent.trim();
  };
  const head = (panel) => {
    const button = document.querySelector(`#tabs button[data-tab-id="${panel.id.slice("tab-".length)}"]`);
    if (!button?.textContent.trim()) return;
    const heading = document.createElement("h2");
    Object.assign(heading, { id: `${panel.id}-heading`, className: "off-screen", textContent: button.textContent.trim() });
    panel.prepend(heading);
    panel.setAttribute("aria-labelledby", heading.id);
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
    document.querySelectorAll("#tabs [role=tabpanel]:not([aria-labelledby])").forEach(head);
    for (const code of document.querySelectorAll(".cm-scroller[tabindex='-1']")) {
      const title = code.closest(".gr-accordion")?.querySelector(".label-wrap > span");
      Object.assign(code, { tabIndex: 0, role: "group", ariaLabel: title?.textContent.trim() ?? null });
    }
    // The header of a message holds the button that closes it, and a button may hold no other.
    for (const header of document.querySelectorAll(".toast-header[role=button]"))
      ["role", "tabindex"].forEach((one) => header.removeAttribute(one));
    for (const section of document.querySelectorAll("button.label-wrap:not([aria-expanded])")) {
      expand(section);
      section.querySelector(".icon")?.setAttribute("aria-hidden", "true");
    }
  };
  const expand = (section) => { section.ariaExpanded = String(section.classList.contains("open")); };
  document.addEventListener("click", (event) => {
    const section = event.target.closest?.("button.label-wrap");
    if (section) setTimeout(expand, 0, section);
  });
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
    name();
  });
})();
