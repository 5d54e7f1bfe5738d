// Edits the counting line of a camera: drawn as a new line, dragged by an end, or moved with keys.
(() => {
  "use strict";
  const INITIAL = [0.5, 0.1, 0.5, 0.9];
  const STEP = 0.02;          // of the picture's side, for one press of an arrow key
  const GRAB_RADIUS_PX = 26;  // around an end, in CSS pixels: what a finger covers
  const MIN_LENGTH = 0.03;    // of the picture's side; anything shorter is a tap
  const MIN_PAUSE_MS = 100;   // between two changes: held keys repeat faster than is useful
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const rounded = (ends) => ends.map((value) => Math.round(clamp(value, 0, 1) * 1e4) / 1e4);

  window.VitrineLineEditor = class {
    // x0, y0, x1, y1 as fractions of the picture's sides; null while the line is switched off.
    ends = null;
    // During a drag: pointer position → ends.
    drag = null;
    timer = null;
    reportedAt = 0;

    // label: describes the keys to screen readers. onChange: called after the line has changed.
    constructor(canvas, label, onChange) {
      Object.assign(this, { canvas, label, onChange });
      // Drawn over the picture and not into it: it follows the pointer at once, and snapshots show
      // no handles.
      canvas.insertAdjacentHTML("afterend", '<svg aria-hidden="true"><path/><path/><path/></svg>');
      this.paths = canvas.nextElementSibling.children;
      canvas.addEventListener("pointerdown", (event) => this.onPointerDown(event));
      canvas.addEventListener("pointermove", (event) => this.onPointerMove(event));
      canvas.addEventListener("pointerup", (event) => this.onPointerUp(event));
      canvas.addEventListener("pointercancel", () => this.onPointerUp(null));
      canvas.addEventListener("keydown", (event) => this.onKeyDown(event));
    }

    on() {
      this.ends = INITIAL;
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "application");
      this.canvas.setAttribute("aria-label", this.label);
      this.draw(this.ends);
    }

    off() {
      clearTimeout(this.timer);
      this.ends = this.drag = this.timer = null;
      for (const name of ["tabindex", "role", "aria-label"]) this.canvas.removeAttribute(name);
    }

    // Set the line, unless it would be too short, and report it at most every MIN_PAUSE_MS.
    set(ends) {
      const next = rounded(ends);
      const long = Math.hypot(next[2] - next[0], next[3] - next[1]) >= MIN_LENGTH;
      if (!long || next.every((value, i) => value === this.ends[i])) return;
      this.ends = next;
      this.timer ??= setTimeout(() => {
        this.timer = null;
        this.reportedAt = performance.now();
        this.onChange();
      }, this.reportedAt + MIN_PAUSE_MS - performance.now());
    }

    // Arrow keys move the line, with Shift its second end; Home resets it.
    onKeyDown(event) {
      const arrow = ARROWS[event.key];
      const home = event.key === "Home";
      if (!this.ends || !(arrow || home) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (home) this.set(INITIAL);
      else this.move(arrow[0] * STEP, arrow[1] * STEP, event.shiftKey);
      this.draw(this.ends);
    }

    move(dx, dy, secondEndOnly) {
      const [x0, y0, x1, y1] = this.ends;
      if (secondEndOnly) return this.set([x0, y0, x1 + dx, y1 + dy]);
      // At the edge of the picture the whole line stops, so that it keeps its length and slope.
      const x = clamp(dx, -Math.min(x0, x1), 1 - Math.max(x0, x1));
      const y = clamp(dy, -Math.min(y0, y1), 1 - Math.max(y0, y1));
      this.set([x0 + x, y0 + y, x1 + x, y1 + y]);
    }

    // Near an end the pointer drags it; anywhere else it draws a new line.
    onPointerDown(event) {
      if (!this.ends || this.drag || event.button || !event.isPrimary) return;
      event.preventDefault();
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.focus({ preventScroll: true });
      const { ends } = this;
      const [x, y] = this.point(event);
      const end = this.endNear(x, y);
      this.drag = ([u, v]) => (end === null ? [x, y, u, v]
        : ends.map((value, i) => value + (i === end) * (u - x) + (i === end + 1) * (v - y)));
    }

    onPointerMove(event) {
      if (this.drag) this.draw(rounded(this.drag(this.point(event))));
      else if (this.ends)
        this.canvas.style.cursor =
          this.endNear(...this.point(event)) === null ? "crosshair" : "grab";
    }

    // event: null where the browser has cancelled the drag.
    onPointerUp(event) {
      if (!this.drag) return;
      if (event) this.set(this.drag(this.point(event)));
      this.drag = null;
      this.draw(this.ends);
    }

    // The index of x0 or x1 in `ends`, for the end within reach of a point; null for none.
    endNear(x, y) {
      const { width, height } = this.pictureBox();
      const distance = (end) => Math.hypot(
        (this.ends[end] - x) * width, (this.ends[end + 1] - y) * height);
      const end = distance(0) < distance(2) ? 0 : 2;
      return distance(end) <= GRAB_RADIUS_PX ? end : null;
    }

    // The pointer's position as fractions of the picture's sides.
    point(event) {
      const { left, top, width, height } = this.pictureBox();
      return [(event.clientX - left) / width, (event.clientY - top) / height];
    }

    // The picture inside the canvas in CSS pixels: `object-fit: contain` may leave bars around it.
    pictureBox() {
      const { canvas } = this;
      const box = canvas.getBoundingClientRect();
      const scale = Math.min(
        canvas.clientWidth / canvas.width, canvas.clientHeight / canvas.height);
      const width = canvas.width * scale;
      const height = canvas.height * scale;
      return {
        left: box.left + canvas.clientLeft + (canvas.clientWidth - width) / 2,
        top: box.top + canvas.clientTop + (canvas.clientHeight - height) / 2, width, height,
      };
    }

    // Also called when the size of the picture has changed.
    draw(ends = this.ends) {
      if (!ends) return;
      const { width, height } = this.canvas;
      const [x0, y0, x1, y1] = ends.map((value, i) => value * (i % 2 ? height : width));
      this.paths[0].parentElement.setAttribute("viewBox", `0 0 ${width} ${height}`);
      // Lines of length zero with round caps are discs: both ends filled, the first one hollow.
      const lines = [`M${x0} ${y0}L${x1} ${y1}`, `M${x0} ${y0}h0M${x1} ${y1}h0`, `M${x0} ${y0}h0`];
      lines.forEach((line, i) => this.paths[i].setAttribute("d", line));
    }
  };
})();
