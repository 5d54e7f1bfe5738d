// Moves the chart of a video together with its player. Media events do not bubble, so they are
// captured.
(() => {
  const player = () => document.querySelector("#video-player video");
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  const show = (seconds) => {
    const chart = document.querySelector("figure.chart");
    if (!chart) return;
    const end = Number(chart.dataset.end);
    const plot = chart.querySelector(".plot");
    plot.style.setProperty("--at", `${100 * Math.min(seconds / end, 1)}%`);
    // A seek may land slightly before the frame that it is meant for.
    const nextIndex = chart.dataset.times.split(",").findIndex((time) => Number(time) > seconds + 0.005);
    const texts = [...chart.querySelectorAll("b[data-values]")].map((value) => {
      value.textContent = value.dataset.values.split(",").at(Math.max(nextIndex, 0) - 1);
      return value.parentElement.textContent.trim();
    });
    plot.ariaValueNow = seconds.toFixed(1);
    plot.ariaValueText = `${clock(seconds)}: ${texts.join(", ")}`;
  };
  const jump = (seconds) => {
    const video = player();
    if (!video) return;
    const end = Number(document.querySelector("figure.chart").dataset.end);
    // Exactly at the end browsers show no frame.
    video.currentTime = Math.min(Math.max(seconds, 0), end - 0.001);
    show(video.currentTime);
  };
  document.addEventListener("click", (event) => {
    const plot = event.target.closest?.(".chart .plot");
    if (!plot) return;
    const box = plot.getBoundingClientRect();
    jump(((event.clientX - box.left) / box.width) * Number(plot.parentElement.dataset.end));
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".chart .plot")) return;
    const video = player();
    const end = Number(event.target.parentElement.dataset.end);
    const step = Math.max(end / 60, 0.1);
    const steps = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step,
      PageUp: 6 * step, PageDown: -6 * step, Home: -end, End: end };
    if (event.key in steps) jump((video?.currentTime ?? 0) + steps[event.key]);
    else if (event.key === " " || event.key === "Enter") video?.[video.paused ? "play" : "pause"]();
    else return;
    event.preventDefault();
  });
  for (const kind of ["timeupdate", "seeked"])
    document.addEventListener(kind, (event) => { if (event.target === player()) show(event.target.currentTime); }, true);
})();
