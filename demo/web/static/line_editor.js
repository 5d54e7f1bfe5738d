// The counting line of a camera: there at once; then drawn, dragged by an end or moved with keys.
(() => {
  "use strict";
  const FIRST = [0.5, 0.1, 0.5, 0.9];
  const STEP = 0.02;        // of the picture's side, for one press of an arrow key
  const NEAR_PX = 26;       // around an end, on the page; a finger covers as much
  const SHORTEST = 0.03;    // whatever is shorter was a tap
  const PAUSE_MS = 100;     // held keys repeat faster than a server should be told
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const tidy = (ends) => ends.map((value) => Math.round(clamp(value, 0, 1) * 1e4) / 1e4);

  window.VitrineAim = class {
    // ends: x0, y0, x1, y1 as shares of the picture's sides; null while nothing is counted.
    ends = null;
    // While a pointer draws or drags: where it stands → what the ends would be.
    grip = null;
    timer = null;
    toldAt = 0;

    // keys: says what the keys do. tell: called when the line has become another one.
    constructor(canvas, keys, tell) {
      Object.assign(this, { canvas, keys, tell });
      // Drawn over the picture, not into it: it follows at once, and a snapshot has no handles.
      canvas.insertAdjacentHTML("afterend", '<svg aria-hidden="true"><path/><path/><path/></svg>');
      this.paths = canvas.nextElementSibling.children;
      canvas.addEventListener("pointerdown", (event) => this.take(event));
      canvas.addEventListener("pointermove", (event) => this.move(event));
      canvas.addEventListener("pointerup", (event) => this.drop(event));
      canvas.addEventListener("pointercancel", () => this.drop(null));
      canvas.addEventListener("keydown", (event) => this.press(event));
    }

    on() {
      this.ends = FIRST;
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "application");
      this.canvas.setAttribute("aria-label", this.keys);
      this.draw(this.ends);
    }

    off() {
      clearTimeout(this.timer);
      this.ends = this.grip = this.timer = null;
      for (const name of ["tabindex", "role", "aria-label"]) this.canvas.removeAttribute(name);
    }

    put(ends) {
      const put = tidy(ends);
      const long = Math.hypot(put[2] - put[0], put[3] - put[1]) >= SHORTEST;
      if (!long || put.every((value, i) => value === this.ends[i])) return;
      this.ends = put;
      this.timer ??= setTimeout(() => {
        this.timer = null;
        this.toldAt = performance.now();
        this.tell();
      }, this.toldAt + PAUSE_MS - performance.now());
    }

    press(event) {
      const way = WAYS[event.key];
      const home = event.key === "Home";
      if (!this.ends || !(way || home) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (home) this.put(FIRST);
      else this.step(way[0] * STEP, way[1] * STEP, event.shiftKey);
      this.draw(this.ends);
    }

    step(across, down, second) {
      const [x0, y0, x1, y1] = this.ends;
      if (second) return this.put([x0, y0, x1 + across, y1 + down]);
      // At the picture's rim the whole line stops, as long and as steep as it is.
      const x = clamp(across, -Math.min(x0, x1), 1 - Math.max(x0, x1));
      const y = clamp(down, -Math.min(y0, y1), 1 - Math.max(y0, y1));
      this.put([x0 + x, y0 + y, x1 + x, y1 + y]);
    }

    take(event) {
      if (!this.ends || this.grip || event.button || !event.isPrimary) return;
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.focus({ preventScroll: true });
      const { ends } = this;
      const [x, y] = this.point(event);
      const end = this.near(x, y);
      this.grip = ([u, v]) => (end === null ? [x, y, u, v]
        : ends.map((value, i) => value + (i === end) * (u - x) + (i === end + 1) * (v - y)));
    }

    move(event) {
      if (this.grip) this.draw(tidy(this.grip(this.point(event))));
      else if (this.ends)
        this.canvas.style.cursor = this.near(...this.point(event)) === null ? "crosshair" : "grab";
    }

    drop(event) {
      if (!this.grip) return;
      if (event) this.put(this.grip(this.point(event)));
      this.grip = null;
      this.draw(this.ends);
    }

    // The place of x0 or x1 in `ends`, whichever end is at hand, or null.
    near(x, y) {
      const { across, down } = this.place();
      const far = (end) => Math.hypot(
        (this.ends[end] - x) * across, (this.ends[end + 1] - y) * down);
      const end = far(0) < far(2) ? 0 : 2;
      return far(end) <= NEAR_PX ? end : null;
    }

    point(event) {
      const { left, top, across, down } = this.place();
      return [(event.clientX - left) / across, (event.clientY - top) / down];
    }

    // The picture's own rectangle: `object-fit: contain` may leave bars beside it.
    place() {
      const { canvas } = this;
      const box = canvas.getBoundingClientRect();
      const scale = Math.min(
        canvas.clientWidth / canvas.width, canvas.clientHeight / canvas.height);
      const across = canvas.width * scale;
      const down = canvas.height * scale;
      return {
        left: box.left + canvas.clientLeft + (canvas.clientWidth - across) / 2,
        top: box.top + canvas.clientTop + (canvas.clientHeight - down) / 2, across, down,
      };
    }

    // Also to be called when the picture has another size.
    draw(ends = this.ends) {
      if (!ends) return;
      const { width, height } = this.canvas;
      const [x0, y0, x1, y1] = ends.map((value, i) => value * (i % 2 ? height : width));
      this.paths[0].parentElement.setAttribute("viewBox", `0 0 ${width} ${height}`);
      // The caps of lines without length are discs; the first end is hollow, the second full.
      const ways = [`M${x0} ${y0}L${x1} ${y1}`, `M${x0} ${y0}h0M${x1} ${y1}h0`, `M${x0} ${y0}h0`];
      ways.forEach((way, i) => this.paths[i].setAttribute("d", way));
    }
  };
})();
