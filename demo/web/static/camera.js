// The live camera of a tab: frames go out as JPEG over a WebSocket, annotated ones come back.
// Newer frames replace older ones: while two frames are unanswered, further ones are dropped.
// A network camera is read by the server; its annotated frames come back, each one acknowledged.
(() => {
  "use strict";
  const MAX_SIDE_PX = 640;    // of a frame that is sent
  const JPEG_QUALITY = 0.85;
  const WINDOW_MS = 3000;     // over which rate and delay are averaged
  const TARGET_WAIT_MS = 6;   // how long a frame should wait at the server until it is processed
  const tabOptions = {};      // task → values of the tab's controls
  const panes = new WeakMap();

  class CameraPane {
    constructor(root) {
      this.root = root;
      this.task = root.dataset.task;
      this.canvas = root.querySelector("canvas");
      this.context = this.canvas.getContext("2d");
      this.colours = JSON.parse(root.dataset.colours);
      this.strings = JSON.parse(root.dataset.strings);
      this.lineEditor = new VitrineLineEditor(
        this.canvas, this.translate("live_line_keys"), () => this.sendOptions());
      this.frameNumber = 0;
    }

    translate(key, fields = {}) {
      const text = this.strings[key][document.documentElement.dataset.l];
      return text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
    }

    // The browser may ask the visitor for permission; a second click must not ask again.
    async toggle() {
      if (this.socket) return this.stop();
      if (this.starting) return;
      this.starting = true;
      try { await this.start(); } finally { this.starting = false; }
    }

    async start() {
      const choice = this.select.value;
      this.source = choice.startsWith("server:") ? choice.slice(7) : undefined;
      this.showMirrorSwitch();
      if (!this.source && !await this.openCamera(choice)) return;
      Object.assign(this, {
        captured: 0, answered: 0, dropped: 0, shown: 0, unanswered: new Map(), recent: [],
        hasNewFrame: false, encoding: false, accepted: false, serverMs: 60, leadMs: 25, dueAt: 0,
      });
      this.showRunning(true);
      try { this.connect(); } catch { return this.stop("live_lost"); }  // a policy forbids it
      if (!this.source) this.watchVideo();
      this.statsTimer = setInterval(() => this.updateStats(), 500);
    }

    // Open the visitor's own camera; returns whether it is available.
    async openCamera(choice) {
      if (!navigator.mediaDevices) return this.showStatus("live_insecure");
      const which = ["user", "environment"].includes(choice)
        ? { facingMode: choice } : { deviceId: { exact: choice } };
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({
          audio: false, video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
        });
      } catch (error) {
        return this.showStatus(error.name === "NotAllowedError" ? "live_denied" : "live_no_camera");
      }
      const { stream } = this;
      this.video = Object.assign(document.createElement("video"), {
        muted: true, playsInline: true, srcObject: stream,
      });
      // Without it the light of the camera would stay on.
      try { await this.video.play(); } catch { return this.stop("live_not_shown"); }
      const [track] = stream.getVideoTracks();
      // The camera was unplugged, or its permission withdrawn.
      track.addEventListener("ended", () => { if (this.stream === stream) this.stop("live_ended"); });
      const facing = track.getSettings().facingMode;
      if (facing) this.setSwitch("mirror", facing !== "environment");
      this.listCameras();
      return true;
    }

    // Only frames of the visitor's own camera can be mirrored.
    showMirrorSwitch() {
      const mirror = this.root.querySelector("[data-switch=mirror]");
      mirror.closest("label").style.display = this.select.value.startsWith("server:") ? "none" : "";
    }

    connect() {
      const address = new URL("live", location.href.split(/[?#]/)[0]);
      address.protocol = address.protocol.replace("http", "ws");
      address.search = new URLSearchParams({ lang: document.documentElement.dataset.l });
      const socket = this.socket = new WebSocket(address);
      socket.binaryType = "arraybuffer";
      socket.onmessage = (event) => {
        if (typeof event.data === "string") this.receiveText(JSON.parse(event.data));
        else this.receiveAnswer(event.data);
      };
      socket.onclose = () => { if (this.socket === socket) this.stop("live_lost"); };
    }

    // Messages without a frame: start, end, error, and the place in the queue.
    receiveText(message) {
      if (message.type === "start") {
        this.accepted = true;
        this.showStatus("live_waiting");
        this.sendOptions();
      } else if (message.type === "end") {
        this.stop();
        this.showText(message.text);
      } else {
        this.unanswered.delete(message.frame);
        this.showText(message.text);
        if (message.type === "error") this.acknowledge();
      }
    }

    // The server sends the next frame of a network camera only after this message, so that a page
    // in the background, where no animation frames run, gets none.
    acknowledge() {
      const { socket, source } = this;
      if (source) requestAnimationFrame(() => {
        if (this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
        if (!this.visible) this.stop();
        else socket.send(JSON.stringify({ type: "shown" }));
      });
    }

    // The options from the next frame on: the tab's controls and the switches of this pane.
    sendOptions() {
      if (!this.accepted || !tabOptions[this.task]) return;
      const own = { track: this.isOn("track"), heat: this.isOn("heat"), line: this.line };
      if (!own.track) own.line = null;
      if (this.source) own.source = this.source;
      this.socket.send(JSON.stringify({ type: "options", ...tabOptions[this.task], ...own }));
    }

    watchVideo() {
      const video = this.video;
      const next = video.requestVideoFrameCallback
        ? (call) => video.requestVideoFrameCallback(call) : requestAnimationFrame;
      const onFrame = (now, metadata) => {
        if (this.video !== video) return;
        if (!this.visible) return this.stop();
        next(onFrame);
        this.captured += 1;
        this.hasNewFrame = true;
        this.capturedAt = metadata?.captureTime ?? now;
        this.sendWhenDue();
      };
      next(onFrame);
    }

    // At most two frames are unanswered, and the second is sent just in time for the server.
    sendWhenDue() {
      if (!this.accepted || !this.hasNewFrame || this.encoding || this.unanswered.size > 1) return;
      if (this.unanswered.size === 1) {
        const early = this.dueAt - performance.now();
        if (early > 1) {
          clearTimeout(this.sendTimer);
          this.sendTimer = setTimeout(() => this.sendWhenDue(), early);
          return;
        }
      }
      this.sendFrame();
    }

    async sendFrame() {
      const { capturedAt, socket } = this;
      this.hasNewFrame = false;
      this.encoding = true;
      let data = null;
      try { data = await this.encoded(); } finally { this.encoding = false; }
      // A frame that the browser cannot encode is dropped; the next one follows.
      if (!data || this.socket !== socket || socket.readyState !== WebSocket.OPEN) return;
      this.frameNumber += 1;
      new DataView(data.buffer).setUint32(0, this.frameNumber);
      this.unanswered.set(this.frameNumber, capturedAt);
      socket.send(data);
    }

    // The video's frame as JPEG behind 4 free bytes, or null where it cannot be encoded.
    async encoded() {
      const { video } = this;
      const scale = Math.min(MAX_SIDE_PX / Math.max(video.videoWidth, video.videoHeight), 1);
      const scratch = this.scratch ??= document.createElement("canvas");
      scratch.width = Math.round(video.videoWidth * scale);
      scratch.height = Math.round(video.videoHeight * scale);
      const context = scratch.getContext("2d");
      if (!context) return null;
      // The frame is mirrored, not the canvas on the page: labels drawn on it stay readable.
      if (this.isOn("mirror")) context.setTransform(-1, 0, 0, 1, scratch.width, 0);
      context.drawImage(video, 0, 0, scratch.width, scratch.height);
      const blob = await new Promise((done) => scratch.toBlob(done, "image/jpeg", JPEG_QUALITY));
      if (!blob) return null;
      const data = new Uint8Array(4 + blob.size);
      data.set(new Uint8Array(await blob.arrayBuffer()), 4);
      return data;
    }

    // An answer: 4 bytes of a length, big-endian, so many bytes of JSON, the annotated JPEG.
    async receiveAnswer(buffer) {
      const { socket } = this;
      const length = new DataView(buffer).getUint32(0);
      const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
      const capturedAt = this.unanswered.get(facts.frame);
      // A frame that the server dropped for a newer one gets no answer of its own.
      for (const number of this.unanswered.keys())
        if (number <= facts.frame) this.unanswered.delete(number);
      this.schedule(facts);
      this.sendWhenDue();
      const jpeg = new Blob([new Uint8Array(buffer, 4 + length)]);
      const bitmap = await createImageBitmap(jpeg).catch(() => null);  // for want of memory
      if (this.socket !== socket) return;
      if (!bitmap) return this.acknowledge();
      // Two may be decoded at once, and the newer one be ready first.
      if (facts.frame < this.shown) {
        bitmap.close();
        return this.acknowledge();
      }
      this.shown = facts.frame;
      this.draw(bitmap);
      this.acknowledge();
      this.answered += 1;
      if (this.source) Object.assign(this, { captured: facts.frame, dropped: facts.replaced });
      const now = performance.now();
      const delay = now - capturedAt;
      this.recent.push({ now, delay, server: facts.server_ms });
      if (this.answered === 1) {
        this.showHint();
        this.root.classList.add("has-frames");
      }
      this.root.querySelector(".camera-result").replaceChildren(
        ...vitrineCameraResult(facts, (key) => this.translate(key), this.colours));
      this.root.dispatchEvent(new CustomEvent("answered", { detail: { facts, delay } }));
    }

    // When the next frame is due: a running mean of the server's time, less a lead that grows while
    // the server idles and shrinks while frames wait there.
    schedule({ server_ms: serverMs, idle_ms: idleMs, waited_ms: waitedMs }) {
      this.serverMs += 0.3 * (serverMs - this.serverMs);
      const late = idleMs > 1 ? idleMs : TARGET_WAIT_MS - waitedMs;
      this.leadMs = Math.min(Math.max(this.leadMs + 0.2 * late, 0), this.serverMs + 50);
      this.dueAt = performance.now() + this.serverMs - this.leadMs;
    }

    draw(bitmap) {
      if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
        this.canvas.width = bitmap.width;
        this.canvas.height = bitmap.height;
        this.lineEditor.draw();
      }
      this.context.drawImage(bitmap, 0, 0);
      bitmap.close();
    }

    updateStats() {
      const since = performance.now() - WINDOW_MS;
      this.recent = this.recent.filter((one) => one.now > since);
      if (!this.recent.length) return;
      const median = (key) => this.recent.map((one) => one[key]).sort((a, b) => a - b)[
        this.recent.length >> 1];
      // The browser's clock cannot say when a network camera captured a frame.
      const key = this.source ? "live_server_stats" : "live_stats";
      const seconds = Math.min(WINDOW_MS, performance.now() - this.recent[0].now) / 1000;
      this.root.querySelector(".camera-stats").textContent = this.translate(key, {
        rate: (this.recent.length / Math.max(seconds, 0.5)).toFixed(1),
        delay: Math.round(median("delay")), server: Math.round(median("server")),
        frames: this.captured, dropped: this.source ? this.dropped
          : Math.max(this.captured - this.answered - this.unanswered.size, 0),
      });
    }

    stop(key = "") {
      const { socket } = this;
      this.socket = this.video = null;
      this.accepted = false;
      socket?.close();
      clearInterval(this.statsTimer);
      clearTimeout(this.sendTimer);
      this.endRecording();
      this.stream?.getTracks().forEach((track) => track.stop());
      this.stream = null;
      this.showRunning(false);
      if (key) this.showStatus(key); else this.showText("");
    }

    // Labels of cameras are known only once the visitor has allowed one.
    async listCameras() {
      const cameras = (await navigator.mediaDevices.enumerateDevices().catch(() => []))
        .filter((one) => one.kind === "videoinput" && one.label);
      if (cameras.length < 2 || this.listed) return;
      this.listed = true;
      const firstOfServer = this.select.querySelector("[value^='server:']");
      for (const one of cameras)
        this.select.add(new Option(one.label, one.deviceId), firstOfServer);
    }

    snapshot() {
      this.canvas.toBlob((blob) => {
        if (blob) this.save(blob, "jpg"); else this.showStatus("live_not_saved");
      }, "image/jpeg", 0.92);
    }

    record() {
      if (this.recorder) return this.endRecording();
      const button = this.root.querySelector("[data-action=record]");
      const parts = [];
      let recorder;
      try { recorder = this.recorder = this.newRecorder(); }
      catch { return this.showStatus("live_not_saved"); }  // the browser records nothing
      recorder.ondataavailable = (event) => { if (event.data.size) parts.push(event.data); };
      recorder.onstop = () => {
        this.recorder = null;
        button.setAttribute("aria-pressed", "false");
        button.textContent = this.translate("live_record");
        const type = recorder.mimeType || "video/webm";
        if (parts.length) this.save(new Blob(parts, { type }), type.includes("mp4") ? "mp4" : "webm");
        else this.showStatus("live_not_saved");
      };
      recorder.start(1000);
      button.setAttribute("aria-pressed", "true");
      button.textContent = this.translate("live_record_end");
    }

    // Of the types that players know best; the browser's own choice where it has none of them.
    newRecorder() {
      const types = ["video/mp4;codecs=avc1.42E01F", "video/webm;codecs=vp8", "video/webm"];
      const mimeType = types.find((type) => MediaRecorder.isTypeSupported?.(type));
      return new MediaRecorder(this.canvas.captureStream(), mimeType ? { mimeType } : {});
    }

    // A recorder that has stopped, and has not said so yet, must not be stopped again.
    endRecording() {
      if (this.recorder?.state === "recording") this.recorder.stop();
    }

    save(blob, suffix) {
      const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
      const link = Object.assign(document.createElement("a"), {
        href: URL.createObjectURL(blob), download: `vitrine-${time}.${suffix}`,
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }

    // Switch the counting line on or off; it counts tracks, so tracking goes on with it.
    setLine(on) {
      this.setSwitch("line", on);
      if (on) this.setSwitch("track", true);
      this.lineEditor[on ? "on" : "off"]();
      this.root.classList.toggle("editing-line", on);
      this.showHint();
    }

    // An <option> holds no markup, so the style sheet cannot select its language.
    translateOptions() {
      for (const [value, key] of [["user", "live_front"], ["environment", "live_rear"]])
        this.root.querySelector(`option[value=${value}]`).textContent = this.translate(key);
    }

    get select() { return this.root.querySelector("[data-camera]"); }
    get line() { return this.lineEditor.ends; }
    get visible() { return this.root.isConnected && this.root.offsetParent !== null; }
    isOn(name) { return this.root.querySelector(`[data-switch=${name}]`)?.checked ?? false; }
    setSwitch(name, on) { this.root.querySelector(`[data-switch=${name}]`).checked = on; }
    showHint() { if (this.line) this.showStatus("live_line_draw"); else this.showText(""); }
    showStatus(key) { this.showText(this.translate(key)); }
    showText(text) { this.root.querySelector(".camera-status").textContent = text; }
    showRunning(running) {
      const button = this.root.querySelector("[data-action=toggle]");
      button.textContent = this.translate(running ? "live_stop" : "live_start");
      for (const action of ["snapshot", "record"])
        this.root.querySelector(`[data-action=${action}]`).disabled = !running;
    }
  }

  const paneOf = (inside) => {
    const root = inside.closest?.("section.camera-pane");
    if (!root) return null;
    if (!panes.has(root)) panes.set(root, new CameraPane(root));
    return panes.get(root);
  };

  document.addEventListener("click", (event) => {
    const mode = event.target.closest?.(".modes [data-mode]");
    if (mode) {
      const tab = mode.closest("[role=tabpanel]");
      tab.classList.toggle("camera-mode", mode.dataset.mode === "camera");
      for (const one of mode.parentElement.children)
        one.setAttribute("aria-pressed", String(one === mode));
      paneOf(tab.querySelector("section.camera-pane")).translateOptions();
      return;
    }
    const action = event.target.closest?.("section.camera-pane [data-action]")?.dataset.action;
    if (action) paneOf(event.target)[action]();
  });
  document.addEventListener("change", (event) => {
    const pane = paneOf(event.target);
    if (!pane) return;
    if (event.target.matches("[data-camera]")) {
      pane.showMirrorSwitch();
      if (pane.socket) { pane.stop(); pane.toggle(); }
      return;
    }
    const { switch: name } = event.target.dataset;
    if (name === "line") pane.setLine(event.target.checked);
    if (name === "track" && !event.target.checked && pane.line) pane.setLine(false);
    pane.sendOptions();
  });

  // Called with the values of the tab's controls at each change, without a round trip.
  window.vitrineCamera = (task, values) => {
    tabOptions[task] = values;
    const root = document.querySelector(`section.camera-pane[data-task=${task}]`);
    if (root) paneOf(root).sendOptions();
  };
})();
