// Says each new answer and each error to screen readers, by one polite live region, and describes
// the picture of an answer. What is said of an answer stands in it as `data-spoken`.
(() => {
  const said = new WeakMap();
  const textOf = (part) => {
    const sentence = part.querySelector("[data-spoken]");
    if (sentence) return sentence.dataset.spoken;
    return [...part.querySelectorAll(".note:not(.busy)")].map((one) => one.innerText.trim()).join(" ");
  };
  // The classes stand on the block and on the text in it.
  const texts = (panel) => [...panel.querySelectorAll(".prose:is(.answer-part, .status)")]
    .filter((one) => one.offsetParent).map(textOf).filter(Boolean);
  const say = (region) => {
    const panels = [...document.querySelectorAll("#tabs [role=tabpanel]")];
    const panel = panels.find((one) => one.offsetParent && one.querySelector(".answer-part, .status"));
    // While the next answer is on its way the last one stays said.
    if (!panel || panel.querySelector(".answer-part[inert]")) return;
    const now = texts(panel).join(" ");
    if ((said.get(panel) ?? "") !== now) region.textContent = now;
    said.set(panel, now);
  };
  const describe = () => {
    for (const one of document.querySelectorAll("[data-describes]")) {
      const image = document.querySelector(`#${one.dataset.describes} img`);
      if (image && image.alt !== one.dataset.spoken) image.alt = one.dataset.spoken;
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const region = document.createElement("div");
    region.id = "announcer";
    region.className = "off-screen";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
    let waiting = 0;
    new MutationObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { describe(); say(region); }, 150);
    }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["inert", "src"] });
  });
})();
