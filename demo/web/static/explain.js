// The opacity of the maps of explanations: no request, and it stays when a map is drawn anew.
document.addEventListener("input", (event) => {
  if (!event.target.matches?.(".why-opacity input")) return;
  document.documentElement.style.setProperty("--map-opacity", event.target.value / 100);
  document.querySelectorAll(".why-opacity input").forEach((other) => { other.value = event.target.value; });
});
