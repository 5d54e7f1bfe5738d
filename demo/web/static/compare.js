// Shows the box or mask of a row of the comparison on its picture; another click on the row hides it.
(() => {
  const choose = (row) => {
    const view = row.closest(".html-container, .prose, body").querySelector(".compare-view");
    if (!view) return;
    const shows = !row.classList.contains("chosen");
    for (const other of row.parentElement.children) {
      const chosen = shows && other === row;
      other.classList.toggle("chosen", chosen);
      other.querySelector("button").ariaPressed = String(chosen);
    }
    view.classList.toggle("shown", shows);
    for (const path of view.querySelectorAll("path")) path.setAttribute("d", row.dataset.outline);
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("table.compare-boxes tbody tr");
    if (row) choose(row);
  });
})();
