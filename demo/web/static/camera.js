// The live camera of a tab: frames go out as JPEG over a WebSocket, drawn ones come back.
// The newest frame wins: while two are unanswered the camera's further frames are dropped.
// A camera of the server's is read there: its drawn frames come, and are told to be seen.
(() => {
  "use strict";
  const LONGEST = 640;      // pixels of a frame that is sent
  const QUALITY = 0.85;
  const WINDOW_MS = 3000;   // over which rate and delay are told
  const WAIT_MS = 6;        // how long a frame should lie ready before the server takes it
  const wishes = {};        // task → what the tab's controls say
  const lives = new WeakMap();
  const say = (root, key, fields = {}) => {
    const text = JSON.parse(root.dataset.words)[key][document.documentElement.dataset.l];
    return text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  };
  const element = (name, text, style = "") => Object.assign(
    document.createElement(name), { textContent: text, style });

  class Live {
    constructor(root) {
      this.root = root;
      this.task = root.dataset.task;
      this.canvas = root.querySelector("canvas");
      this.pen = this.canvas.getContext("2d");
      this.colours = JSON.parse(root.dataset.colours);
      this.aim = new VitrineAim(this.canvas, say(root, "live_line_keys"), () => this.ask());
      this.number = 0;
    }

    // Asking for the camera takes as long as the visitor does: one question at a time.
    async go() {
      if (this.socket) return this.stop();
      if (this.asking) return;
      this.asking = true;
      try { await this.start(); } finally { this.asking = false; }
    }

    async start() {
      const pick = this.root.querySelector("[data-pick]").value;
      this.source = pick.startsWith("server:") ? pick.slice(7) : undefined;
      this.mirrors();
      if (!this.source && !await this.film(pick)) return;
      Object.assign(this, {
        frames: 0, answered: 0, dropped: 0, out: new Map(), recent: [], fresh: false,
        busy: 60, lead: 25, dueAt: 0, open: false, grabbing: false,
      });
      this.buttons(true);
      this.connect();
      if (!this.source) this.eachFrame();
      this.ticker = setInterval(() => this.tick(), 500);
    }

    // The visitor's own camera; whether it can be had.
    async film(pick) {
      if (!navigator.mediaDevices) return this.note("live_insecure");
      const which = ["user", "environment"].includes(pick)
        ? { facingMode: pick } : { deviceId: { exact: pick } };
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({
          audio: false, video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
        });
      } catch (fault) {
        return this.note(fault.name === "NotAllowedError" ? "live_denied" : "live_no_camera");
      }
      this.video = Object.assign(document.createElement("video"), {
        muted: true, playsInline: true, srcObject: this.stream,
      });
      await this.video.play();
      const facing = this.stream.getVideoTracks()[0].getSettings().facingMode;
      if (facing) this.set("mirror", facing !== "environment");
      this.list();
      return true;
    }

    // Only the visitor's own camera has a mirror.
    mirrors() {
      const pick = this.root.querySelector("[data-pick]").value;
      const mirror = this.root.querySelector("[data-switch=mirror]");
      mirror.closest("label").style.display = pick.startsWith("server:") ? "none" : "";
    }

    connect() {
      const address = new URL("live", location.href.split(/[?#]/)[0]);
      address.protocol = address.protocol.replace("http", "ws");
      const socket = this.socket = new WebSocket(address);
      socket.binaryType = "arraybuffer";
      socket.onmessage = (event) => {
        if (typeof event.data === "string") this.hear(JSON.parse(event.data));
        else this.show(event.data);
      };
      socket.onclose = () => { if (this.socket === socket) this.stop("live_lost"); };
    }

    hear(told) {
      if (told.type === "start") {
        this.open = true;
        this.note("live_waiting");
        this.ask();
      } else if (told.type === "end") {
        this.stop();
        this.text(told.text);
      } else {
        this.out.delete(told.frame);
        this.text(told.text);
        if (told.type === "error") this.seen();
      }
    }

    // Frames of the server's camera come only to a page that is looked at.
    seen() {
      const { socket, source } = this;
      if (source) requestAnimationFrame(() => {
        if (this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
        if (!this.root.isConnected || !this.root.offsetParent) this.stop();
        else socket.send(JSON.stringify({ type: "seen" }));
      });
    }

    // What is wanted from the next frame on: the tab's controls and this pane's own.
    ask() {
      if (!this.open || !wishes[this.task]) return;
      const own = { track: this.on("track"), heat: this.on("heat"), line: this.line };
      if (!own.track) own.line = null;
      if (this.source) own.source = this.source;
      this.socket.send(JSON.stringify({ type: "wish", ...wishes[this.task], ...own }));
    }

    eachFrame() {
      const video = this.video;
      const next = video.requestVideoFrameCallback
        ? (call) => video.requestVideoFrameCallback(call) : requestAnimationFrame;
      const seen = (now, facts) => {
        if (this.video !== video) return;
        if (!this.root.isConnected || !this.root.offsetParent) return this.stop();
        next(seen);
        this.frames += 1;
        this.fresh = true;
        this.taken = facts?.captureTime ?? now;
        this.send();
      };
      next(seen);
    }

    // At most two frames are out, and the second leaves just in time for the server to take it.
    send() {
      if (!this.open || !this.fresh || this.grabbing || this.out.size > 1) return;
      if (this.out.size === 1) {
        const early = this.dueAt - performance.now();
        if (early > 1) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.send(), early);
          return;
        }
      }
      this.grab();
    }

    async grab() {
      this.fresh = false;
      this.grabbing = true;
      const { video, taken, socket } = this;
      const scale = Math.min(LONGEST / Math.max(video.videoWidth, video.videoHeight), 1);
      const held = this.held ??= document.createElement("canvas");
      held.width = Math.round(video.videoWidth * scale);
      held.height = Math.round(video.videoHeight * scale);
      const pen = held.getContext("2d");
      // The picture is mirrored, not the canvas: what is written on it stays readable.
      if (this.on("mirror")) pen.setTransform(-1, 0, 0, 1, held.width, 0);
      pen.drawImage(video, 0, 0, held.width, held.height);
      const blob = await new Promise((done) => held.toBlob(done, "image/jpeg", QUALITY));
      const data = new Uint8Array(4 + blob.size);
      data.set(new Uint8Array(await blob.arrayBuffer()), 4);
      this.grabbing = false;
      if (this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
      this.number += 1;
      new DataView(data.buffer).setUint32(0, this.number);
      this.out.set(this.number, taken);
      socket.send(data);
    }

    async show(buffer) {
      const { socket } = this;
      const length = new DataView(buffer).getUint32(0);
      const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
      const taken = this.out.get(facts.frame);
      // A frame that the server dropped for a newer one gets no answer of its own.
      for (const number of this.out.keys()) if (number <= facts.frame) this.out.delete(number);
      this.busy += 0.3 * (facts.server_ms - this.busy);
      const late = facts.idle_ms > 1 ? facts.idle_ms : WAIT_MS - facts.waited_ms;
      this.lead = Math.min(Math.max(this.lead + 0.2 * late, 0), this.busy + 50);
      this.dueAt = performance.now() + this.busy - this.lead;
      this.send();
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(buffer, 4 + length)]));
      if (this.socket !== socket) return;
      if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
        this.canvas.width = bitmap.width;
        this.canvas.height = bitmap.height;
        this.aim.draw();
      }
      this.pen.drawImage(bitmap, 0, 0);
      bitmap.close();
      this.seen();
      const now = performance.now();
      this.answered += 1;
      if (this.source) Object.assign(this, { frames: facts.frame, dropped: facts.replaced });
      this.recent.push({ now, delay: now - taken, server: facts.server_ms });
      if (this.answered === 1) {
        this.hint();
        this.root.classList.add("shows");
      }
      this.found(facts);
      this.root.dispatchEvent(new CustomEvent("answered", { detail: { facts, delay: now - taken } }));
    }

    // Chips for boxes, bars for labels.
    found(facts) {
      const place = this.root.querySelector(".live-found");
      const parts = facts.labels ? this.bars(facts) : this.chips(facts);
      place.replaceChildren(...parts);
    }

    chips(facts) {
      const counts = new Map();
      for (const { label, class_id: id } of facts.boxes) {
        const [n] = counts.get(label) ?? [0];
        counts.set(label, [n + 1, this.colours[id % this.colours.length]]);
      }
      const now = element("div", "");
      now.className = "chips";
      for (const [label, [n, colour]] of counts) {
        const chip = element("span", `${label} × ${n}`);
        chip.prepend(element("i", "", `background:${colour}`));
        now.append(chip);
      }
      if (!counts.size) now.append(element("span", say(this.root, "live_none")));
      const lines = [now];
      const list = (table) => Object.entries(table).map(([label, n]) => `${label} ${n}`).join(", ");
      if (facts.tracks && Object.keys(facts.tracks).length)
        lines.push(element("p", `${say(this.root, "live_tracks")}: ${list(facts.tracks)}`));
      if (facts.crossings) {
        const { rightward, leftward } = facts.crossings;
        const [ahead, back] = facts.arrows;
        const both = `${ahead} ${list(rightward) || 0} · ${back} ${list(leftward) || 0}`;
        lines.push(element("p", `${say(this.root, "live_crossings")}: ${both}`));
      }
      return lines;
    }

    bars(facts) {
      const table = element("table", "");
      table.className = facts.known ? "bars" : "bars unknown";
      for (const { label, score } of facts.labels) {
        const row = table.insertRow();
        row.append(element("th", label));
        const track = row.insertCell();
        track.className = "track";
        track.append(element("i", "", `width:${(100 * score).toFixed(1)}%`));
        row.insertCell().textContent = `${(100 * score).toFixed(1)} %`;
        row.cells[2].className = "num";
      }
      return facts.known ? [table] : [table, element("p", say(this.root, "live_unknown"))];
    }

    tick() {
      const since = performance.now() - WINDOW_MS;
      this.recent = this.recent.filter((one) => one.now > since);
      if (!this.recent.length) return;
      const middle = (key) => this.recent.map((one) => one[key]).sort((a, b) => a - b)[
        this.recent.length >> 1];
      // When the server's camera saw it, the clock here cannot say.
      const stats = this.source ? "live_server_stats" : "live_stats";
      const span = Math.min(WINDOW_MS, performance.now() - this.recent[0].now) / 1000;
      this.root.querySelector(".live-stats").textContent = say(this.root, stats, {
        rate: (this.recent.length / Math.max(span, 0.5)).toFixed(1),
        delay: Math.round(middle("delay")), server: Math.round(middle("server")),
        frames: this.frames, dropped: this.source ? this.dropped
          : Math.max(this.frames - this.answered - this.out.size, 0),
      });
    }

    stop(key = "") {
      const { socket } = this;
      this.socket = this.video = null;
      this.open = false;
      socket?.close();
      clearInterval(this.ticker);
      clearTimeout(this.timer);
      this.recorder?.stop();
      this.stream?.getTracks().forEach((track) => track.stop());
      this.stream = null;
      this.buttons(false);
      if (key) this.note(key); else this.text("");
    }

    async list() {
      const cameras = (await navigator.mediaDevices.enumerateDevices())
        .filter((one) => one.kind === "videoinput" && one.label);
      const select = this.root.querySelector("[data-pick]");
      if (cameras.length < 2 || this.listed) return;
      this.listed = true;
      const first = select.querySelector("[value^='server:']");
      for (const one of cameras) select.add(new Option(one.label, one.deviceId), first);
    }

    snapshot() {
      this.canvas.toBlob((blob) => this.save(blob, "jpg"), "image/jpeg", 0.92);
    }

    record() {
      const button = this.root.querySelector("[data-act=record]");
      const word = (key) => { button.textContent = say(this.root, key); };
      if (this.recorder) return this.recorder.stop();
      const kinds = ["video/mp4;codecs=avc1.42E01F", "video/webm;codecs=vp8", "video/webm"];
      const mimeType = kinds.find((kind) => MediaRecorder.isTypeSupported(kind));
      const parts = [];
      const recorder = this.recorder = new MediaRecorder(this.canvas.captureStream(), { mimeType });
      recorder.ondataavailable = (event) => parts.push(event.data);
      recorder.onstop = () => {
        this.recorder = null;
        button.setAttribute("aria-pressed", "false");
        word("live_record");
        this.save(new Blob(parts, { type: mimeType }), mimeType.includes("mp4") ? "mp4" : "webm");
      };
      recorder.start(1000);
      button.setAttribute("aria-pressed", "true");
      word("live_record_end");
    }

    save(blob, suffix) {
      const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
      const link = Object.assign(document.createElement("a"), {
        href: URL.createObjectURL(blob), download: `vitrine-${time}.${suffix}`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }

    // Turn the counting line on or off; it counts tracks.
    count(wanted) {
      this.set("line", wanted);
      if (wanted) this.set("track", true);
      this.aim[wanted ? "on" : "off"]();
      this.root.classList.toggle("aiming", wanted);
      this.hint();
    }

    // An option holds no markup, so that the style sheet cannot choose its language.
    words() {
      for (const [value, key] of [["user", "live_front"], ["environment", "live_rear"]])
        this.root.querySelector(`option[value=${value}]`).textContent = say(this.root, key);
    }

    hint() { if (this.line) this.note("live_line_draw"); else this.text(""); }
    get line() { return this.aim.ends; }
    on(name) { return this.root.querySelector(`[data-switch=${name}]`)?.checked ?? false; }
    set(name, value) { this.root.querySelector(`[data-switch=${name}]`).checked = value; }
    note(key) { this.text(say(this.root, key)); }
    text(text) { this.root.querySelector(".live-note").textContent = text; }
    buttons(running) {
      const go = this.root.querySelector("[data-act=go]");
      go.textContent = say(this.root, running ? "live_stop" : "live_start");
      for (const act of ["snapshot", "record"])
        this.root.querySelector(`[data-act=${act}]`).disabled = !running;
    }
  }

  const liveOf = (inside) => {
    const root = inside.closest?.("section.live");
    if (!root) return null;
    if (!lives.has(root)) lives.set(root, new Live(root));
    return lives.get(root);
  };

  document.addEventListener("click", (event) => {
    const mode = event.target.closest?.(".modes [data-mode]");
    if (mode) {
      const tab = mode.closest("[role=tabpanel]");
      tab.classList.toggle("live-mode", mode.dataset.mode === "live");
      for (const one of mode.parentElement.children)
        one.setAttribute("aria-pressed", String(one === mode));
      liveOf(tab.querySelector("section.live")).words();
      return;
    }
    const act = event.target.closest?.("section.live [data-act]")?.dataset.act;
    if (!act) return;
    const live = liveOf(event.target);
    if (act === "go") live.go(); else live[act]();
  });
  document.addEventListener("change", (event) => {
    const live = liveOf(event.target);
    if (!live) return;
    if (event.target.matches("[data-pick]")) {
      live.mirrors();
      if (live.socket) { live.stop(); live.go(); }
      return;
    }
    const { switch: name } = event.target.dataset;
    if (name === "line") live.count(event.target.checked);
    if (name === "track" && !event.target.checked && live.line) live.count(false);
    live.ask();
  });

  // The tab's controls tell their values here, without a way to the server and back.
  window.vitrineLive = (task, values) => {
    wishes[task] = values;
    const root = document.querySelector(`section.live[data-task=${task}]`);
    if (root) liveOf(root).ask();
  };
})();
