// What is dropped, pasted or chosen: one file at a time, and a sentence about everything else.
(() => {
  "use strict";
  const BOXES = "[id$=-picture], #video-file";
  // Of pictures whose type some systems do not know; gradio's page refuses files without one.
  const TYPES = {
    avif: "image/avif", bmp: "image/bmp", gif: "image/gif", heic: "image/heic",
    heif: "image/heif", hif: "image/heif", jpeg: "image/jpeg", jpg: "image/jpeg",
    png: "image/png", tif: "image/tiff", tiff: "image/tiff", webp: "image/webp",
  };
  const NAMES = ["Remove Image", "Clear"];
  const REMOVE = NAMES.map((name) => `button[aria-label='${name}'], button[data-gradio-name='${name}']`).join();
  const FILMS = ["mp4", "m4v", "mov", "webm"];
  const passed = new WeakSet();  // events of this script

  const boxOf = (target) => target.closest?.(BOXES) ?? null;
  const visibleBox = () => [...document.querySelectorAll(BOXES)].find((one) => one.offsetParent);
  const isEditable = (target) => Boolean(target.closest?.("input, textarea, [contenteditable=true]"));

  window.vitrineTyped = typed;

  function tell(box, key, fields = {}) {
    const text = window.vitrineUploadStrings[key][document.documentElement.dataset.l];
    const note = Object.assign(document.createElement("div"), {
      className: "note warn upload-note",
      textContent: text.replace(/\{(\w+)\}/g, (_, name) => fields[name]),
    });
    note.setAttribute("role", "status");
    box.after(note);
    return note;
  }

  const isFilm = (file) => file.type.startsWith("video/") || FILMS.includes(file.name.split(".").pop().toLowerCase());

  // A film belongs to Video: one click puts it there.
  function offer(box, film) {
    const note = tell(box, "upload_film", { name: film.name });
    const text = window.vitrineUploadStrings.upload_film_open[document.documentElement.dataset.l];
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.addEventListener("click", () => {
      forget(box);
      document.querySelector('#tabs button[data-tab-id="video"]').click();
      // A tab is laid out when it is first opened.
      const wait = setInterval(() => {
        const into = document.querySelector("#video-file");
        if (!into?.offsetParent) return;
        clearInterval(wait);
        insert(into, film);
      }, 50);
    });
    note.append(" ", button);
  }

  function forget(box) {
    for (const note of box.parentElement.querySelectorAll(":scope > .upload-note")) note.remove();
  }

  // The file with its type; the bytes decide on the server.
  function typed(file) {
    const type = TYPES[file.name.split(".").pop().toLowerCase()];
    return file.type || !type ? file : new File([file], file.name, { type });
  }

  // Several pictures, or a ZIP, on a tab that answers about several.
  function isBatch(box, files) {
    const { isZip, isPicture } = window.vitrineBatchFiles;
    return window.vitrineBatch.takes(box) && (files.some(isZip) || files.filter(isPicture).length > 1);
  }

  function takeBatch(box, found) {
    forget(box);
    window.vitrineBatch.put(box.id.replace(/-picture$/, ""), found);
    return null;
  }

  // The one file that is taken, or null, with a sentence about what is not.
  function choose(box, files) {
    forget(box);
    if (!files.length) return void tell(box, "upload_no_file");
    if (isBatch(box, files)) return takeBatch(box, window.vitrineBatchFiles.chosen(files));
    const usable = box.id === "video-file" ? files
      : files.map(typed).filter((one) => one.type.startsWith("image/"));
    const [file] = usable;
    const film = files.find(isFilm);
    if (!file && film) return void offer(box, film);
    if (!file) return void tell(box, "upload_not_picture", { name: files[0].name });
    if (files.length > 1)
      tell(box, "upload_several", { count: files.length, name: file.name });
    return file;
  }

  function transferOf(file) {
    const transfer = new DataTransfer();
    if (file) transfer.items.add(file);
    return transfer;
  }

  // Put a file into a box as if it had been chosen there; a picture that it shows goes.
  function insert(box, file) {
    const into = () => {
      const input = box.querySelector("input[type=file]");
      if (!input) return false;
      input.files = transferOf(file).files;
      const change = new Event("change", { bubbles: true });
      passed.add(change);
      return input.dispatchEvent(change);
    };
    if (into()) return;
    box.querySelector(REMOVE)?.click();
    setTimeout(into, 200);
  }

  function isFolder(transfer) {
    const entries = [...transfer.items].map((one) => one.webkitGetAsEntry?.());
    return entries.some((one) => one?.isDirectory);
  }

  function onDrop(event) {
    if (passed.has(event)) return;
    const { dataTransfer: transfer, target } = event;
    const inside = boxOf(target);
    const box = inside ?? visibleBox();
    // Text may be dropped into a text field, and whatever is of the page itself stays.
    if (!box || !transfer || (!inside && !transfer.types.includes("Files"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    let file = null;
    const isOfFolder = isFolder(transfer);
    if (isOfFolder && window.vitrineBatch.takes(box)) {
      // Only while the event lasts do its items stand for anything.
      const entries = [...transfer.items].map((one) => one.webkitGetAsEntry());
      window.vitrineBatchFiles.dropped(entries).then((found) => takeBatch(box, found));
    } else if (isOfFolder) {
      forget(box);
      tell(box, "upload_folder");
    } else {
      file = choose(box, [...transfer.files]);
    }
    if (!inside) {
      if (file) insert(box, file);
      return;
    }
    // Also without a file, so that the box ends its look of a thing being dragged over it.
    const options = { dataTransfer: transferOf(file), bubbles: true, cancelable: true };
    const drop = new DragEvent("drop", options);
    passed.add(drop);
    target.dispatchEvent(drop);
  }

  function onChange(event) {
    const box = event.target.matches?.("input[type=file]") ? boxOf(event.target) : null;
    if (!box || passed.has(event) || !event.target.files.length) return;
    event.stopImmediatePropagation();
    const file = choose(box, [...event.target.files]);
    if (file) insert(box, file);
  }

  // A picture pasted anywhere replaces the input picture of the open tab.
  function onPaste(event) {
    const box = visibleBox();
    const files = [...event.clipboardData?.files ?? []];
    if (!box || isEditable(event.target) && !files.length) return;
    const file = choose(box, files);
    if (file) insert(box, file);
  }

  document.addEventListener("drop", onDrop, true);
  document.addEventListener("change", onChange, true);
  document.addEventListener("paste", onPaste);
  // Without it the browser leaves the page and opens a file that is dropped beside a box.
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
})();
