// Lists of models: their buttons, the search in them, and the dialog with a model's card.
window.vitrineModels = (element, trigger) => {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-event]");
    if (button) trigger(button.dataset.event, { model: button.dataset.model });
  });
  element.addEventListener("input", (event) => {
    if (!event.target.matches("input[type=search]")) return;
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of element.querySelectorAll("tr[data-words]"))
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
    for (const part of [...element.querySelectorAll("tbody"), ...element.querySelectorAll("table")])
      part.hidden = !part.querySelector("tr[data-words]:not([hidden])");
    element.querySelector(".models-no-match").hidden = !!element.querySelector("table:not([hidden])");
  });
};
window.vitrineCard = (element, watch) =>
  watch("value", () => {
    const dialog = element.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  });
