// Several pictures at once: the strip of their thumbnails with what was found in each, its totals,
// and one file with everything. The server tells how far it is in lines of JSON, which only grow.
window.vitrineBatch = (() => {
  "use strict";
  const tabs = new Map();
  const { say } = window.vitrineBatchFiles;
  const find = (id) => document.getElementById(id);
  const press = (tab, name) => find(`${tab}-batch-${name}`)?.click();

  // turn: number of the last request; shown: that of the strip. given: what is sent to the server.
  const stateOf = (tab) => {
    if (!tabs.has(tab)) tabs.set(tab, { turn: 0, shown: 0, isThere: false, timer: 0, cells: [], chosen: null, given: null, sending: null });
    return tabs.get(tab);
  };
  const partOf = (tab, name) => find(`${tab}-batch`)?.querySelector(`.batch-${name}`);
  const openerOf = (tab) => document.querySelector(`.batch-open[data-batch="${tab}"]`);
  const limitsOf = (opener) => ({
    count: Number(opener.dataset.count), picture: Number(opener.dataset.pictureMb), zip: Number(opener.dataset.zipMb), all: Number(opener.dataset.allMb),
  });

  function note(tab, sentence, kind = "warn") {
    const line = openerOf(tab).querySelector(".batch-note");
    line.className = `batch-note${sentence ? ` note ${kind}` : ""}`;
    line.textContent = sentence;
  }

  function staleness(tab) {
    const one = stateOf(tab), stale = one.turn !== one.shown;
    for (const name of ["body", "actions"]) partOf(tab, name).inert = stale;
    find(`${tab}-batch`).querySelector("section").ariaBusy = stale ? "true" : null;
  }

  // Why nothing of it is uploaded, if so.
  function refused(send, left, limits) {
    const pictures = send.filter(([, file]) => !window.vitrineBatchFiles.isZip(file)).length;
    const size = Math.round(send.reduce((sum, [, file]) => sum + file.size, 0) / 1e6);
    if (!send.length && !left.length) return say("several_empty_folder");
    if (!send.length && left.length > 1) return say("several_no_picture", { count: left.length });
    if (!send.length) return whyNot(left[0]);
    if (pictures > limits.count) return say("several_too_many", { count: pictures, limit: limits.count });
    return size > limits.all ? say("several_too_heavy", { size, limit: limits.all }) : "";
  }

  const whyNot = ({ name, why, limit }) => say(why, { name, limit });

  // New files: [path, file] each. What is there stays until the server has taken them.
  async function put(tab, files) {
    const one = stateOf(tab), opener = openerOf(tab), limits = limitsOf(opener);
    const { send, left } = window.vitrineBatchFiles.sorted(files, limits);
    const refusal = refused(send, left, limits);
    if (refusal) return note(tab, refusal);
    one.sending?.abort();
    const sending = one.sending = new AbortController();
    note(tab, "");
    opener.classList.add("sending");
    const bar = opener.querySelector("progress"), count = opener.querySelector(".batch-sent");
    const uploaded = await window.vitrineBatchFiles.upload(send, sending.signal, (done, total, share) => {
      bar.value = share;
      count.textContent = say("several_uploading", { done, total });
    });
    if (one.sending !== sending) return;
    one.sending = null;
    opener.classList.remove("sending");
    if (sending.signal.aborted) return;
    if (!uploaded.files.length) return note(tab, whyNot(uploaded.left[0]));
    one.given = { files: uploaded.files, left: [...left, ...uploaded.left] };
    opener.classList.add("waiting");
    press(tab, "start");
  }

  // Gradio may tell of one value twice.
  function isNew(tab, what, text) {
    const one = stateOf(tab), before = one[`last ${what}`];
    one[`last ${what}`] = text;
    return text !== before;
  }

  // The server has taken the files, or says why not.
  function received(tab, text) {
    if (!text || !isNew(tab, "received", text)) return;
    const { error } = JSON.parse(text);
    openerOf(tab).classList.remove("waiting");
    if (error) return note(tab, error);
    const one = stateOf(tab);
    one.isThere = true;
    one.chosen = null;
    one.cells = [];
    partOf(tab, "strip").replaceChildren();
    find(`${tab}-batch`).querySelector("section").hidden = false;
    changed(tab, true);
  }

  // Something that answers depend on is another: what is left of them is out of reach at once.
  function changed(tab, now = false) {
    const one = stateOf(tab);
    if (!one.isThere) return;
    one.turn += 1;
    staleness(tab);
    clearTimeout(one.timer);
    one.timer = setTimeout(press, now ? 0 : 150, tab, "follow");
  }

  function cellOf(tab, place) {
    const one = stateOf(tab);
    if (one.cells[place]) return one.cells[place];
    const item = document.createElement("li"), button = document.createElement("button");
    const frame = document.createElement("span"), label = document.createElement("span");
    Object.assign(button, { type: "button", tabIndex: place ? -1 : 0, disabled: true });
    frame.className = "frame";
    button.append(frame, label);
    item.append(button);
    button.addEventListener("click", () => choose(tab, place));
    partOf(tab, "strip").append(item);
    return one.cells[place] = { button, frame, label };
  }

  function fill(tab, fact) {
    const cell = cellOf(tab, fact.place);
    cell.picture = fact.picture;
    const { button, frame, label } = cell;
    button.disabled = !fact.picture;
    button.classList.toggle("failed", Boolean(fact.failed));
    button.classList.toggle("unsure", Boolean(fact.unsure));
    button.ariaLabel = fact.spoken;
    button.title = fact.spoken;
    label.textContent = fact.badge;
    if (!fact.thumbnail || cell.thumbnail === fact.thumbnail) return;
    cell.thumbnail = fact.thumbnail;
    const image = Object.assign(new Image(), { loading: "lazy", decoding: "async", alt: "" });
    image.src = fact.thumbnail;
    image.onerror = () => image.remove();
    frame.replaceChildren(image);
  }

  function mark(tab) {
    const one = stateOf(tab);
    const last = one.cells[one.chosen] ? one.chosen : 0;
    one.cells.forEach(({ button }, place) => {
      button.ariaCurrent = place === one.chosen ? "true" : null;
      button.tabIndex = place === last ? 0 : -1;
    });
  }

  // The lines of an answer: what it is about, each picture, and how far it is, the last of which counts.
  function show(tab, text) {
    if (!text) return;
    const one = stateOf(tab), [head, ...facts] = text.trim().split("\n").map(JSON.parse);
    if (head.turn !== one.turn) return;
    for (let place = 0; place < head.total; place++) cellOf(tab, place);
    const progress = facts.findLast((fact) => "state" in fact);
    const left = facts.findLast((fact) => "left" in fact);
    // Counts of other settings go all at once.
    if (one.shown !== head.turn) {
      partOf(tab, "save").disabled = false;
      const known = new Set(facts.map((fact) => fact.place));
      one.cells.forEach((cell, place) => { if (!known.has(place)) fill(tab, { place, badge: "…", spoken: head.waiting, picture: cell.picture }); });
    }
    for (const fact of facts.slice(one.shown === head.turn ? one.seen ?? 0 : 0)) if ("place" in fact) fill(tab, fact);
    one.seen = facts.length;
    one.shown = head.turn;
    formats(tab, head.formats);
    if (progress) tell(tab, head, { ...progress, left: left?.left });
    staleness(tab);
    mark(tab);
    // Another tab that is open would get it as well.
    const isOpen = tab === window.vitrineAddress.tab();
    if (isOpen && one.chosen === null && !find(`${tab}-picture`).querySelector("img") && one.cells[0]?.picture) choose(tab, 0);
  }

  function formats(tab, titles) {
    const list = partOf(tab, "actions").querySelector("select");
    if (list.options.length) return;
    for (const [name, title] of titles) list.add(new Option(title, name));
  }

  function tell(tab, head, { state, done, progress, totals, left, problem }) {
    const section = find(`${tab}-batch`).querySelector("section");
    section.dataset.state = state;
    const bar = partOf(tab, "progress");
    bar.max = head.total;
    bar.value = done;
    partOf(tab, "count").textContent = progress;
    partOf(tab, "totals").textContent = totals;
    const line = partOf(tab, "problem");
    line.textContent = problem ?? "";
    line.hidden = !problem;
    if (left) leave(tab, left);
    // One announcement at the end, and none a picture.
    if (state !== "running" && stateOf(tab).told !== head.turn) {
      stateOf(tab).told = head.turn;
      partOf(tab, "told").textContent = [progress, totals, problem].filter(Boolean).join(" ");
    }
  }

  function leave(tab, left) {
    const list = partOf(tab, "left");
    list.hidden = !left.length;
    list.querySelector("summary").textContent = say("several_left", { count: left.length });
    list.querySelector("ul").replaceChildren(...left.map(([name, reason]) => {
      const item = document.createElement("li"), strong = document.createElement("b");
      strong.textContent = name;
      item.append(strong, ` ${reason}`);
      return item;
    }));
  }

  function choose(tab, place) {
    const one = stateOf(tab);
    one.chosen = place;
    window.vitrinePicture.begin(tab);
    mark(tab);
    press(tab, "choose");
  }

  // The file with everything: how far it is, then its address.
  function saved(tab, text) {
    if (!text || !isNew(tab, "saved", text)) return;
    const { turn, says, error, url, name } = JSON.parse(text);
    const line = partOf(tab, "saving"), button = partOf(tab, "save");
    line.textContent = error ?? says ?? "";
    line.classList.toggle("warn", Boolean(error));
    button.disabled = !error && !url;
    if (!url || turn !== stateOf(tab).turn) return;
    const link = Object.assign(document.createElement("a"), { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
  }

  function close(tab) {
    const one = stateOf(tab);
    one.isThere = false;
    one.turn += 1;
    clearTimeout(one.timer);
    find(`${tab}-batch`).querySelector("section").hidden = true;
    press(tab, "close");
    openerOf(tab).querySelector("button").focus();
  }

  const tabAt = (target) => target.closest?.("[data-batch]")?.dataset.batch;
  document.addEventListener("click", ({ target }) => {
    const tab = tabAt(target), act = target.closest?.("[data-act]")?.dataset.act;
    if (!tab || !act) return;
    if (act === "files" || act === "folder") openerOf(tab).querySelector(`input[data-of=${act}]`).click();
    else if (act === "cancel") stateOf(tab).sending?.abort();
    else if (act === "close") close(tab);
    else if (act === "save") { partOf(tab, "save").disabled = true; press(tab, "save"); }
    else if (act === "stop") press(tab, "stop");
    else if (act === "continue") { stateOf(tab).goOn = true; changed(tab, true); }
  });
  document.addEventListener("change", ({ target }) => {
    const tab = tabAt(target);
    if (!tab || !target.matches("input[type=file]") || !target.files.length) return;
    put(tab, window.vitrineBatchFiles.chosen(target.files));
    target.value = "";
  });
  document.addEventListener("keydown", (event) => {
    const strip = event.target.closest?.(".batch-strip");
    if (!strip) return;
    const all = [...strip.querySelectorAll("button:not(:disabled)")], at = all.indexOf(event.target.closest("button"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    all.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  return {
    put, changed, received, show, saved,
    takes: (box) => Boolean(openerOf(box.id.replace(/-picture$/, ""))),
    // What the hidden buttons send along.
    given: (tab) => JSON.stringify(stateOf(tab).given),
    followed(tab) {
      const one = stateOf(tab), goesOn = Boolean(one.goOn);
      one.goOn = false;
      return JSON.stringify({ turn: one.turn, goes_on: goesOn });
    },
    saving: (tab) => JSON.stringify({ turn: stateOf(tab).turn, format: partOf(tab, "actions").querySelector("select").value }),
    picked: (tab) => stateOf(tab).cells[stateOf(tab).chosen]?.picture,
    // Another picture is in the tab.
    replaced(tab, path) {
      const one = stateOf(tab);
      if (!one.isThere || one.cells[one.chosen]?.picture?.path === path) return;
      const place = one.cells.findIndex((cell) => path && cell.picture?.path === path);
      one.chosen = place < 0 ? undefined : place;
      mark(tab);
    },
    // Without a connection no answer comes.
    lost() { for (const [tab, one] of tabs) if (one.isThere) { one.turn += 1; staleness(tab); } },
  };
})();
