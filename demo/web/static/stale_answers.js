// Answers that no longer belong to what is chosen are dimmed and out of reach, from the moment of
// the choice until the new answer is here: also while it travels, and where there is no connection.
window.vitrineAnswers = (() => {
  const groups = new Map();
  const group = (name) => {
    if (!groups.has(name)) groups.set(name, { changes: 0, sent: 0, running: 0, shown: 0, coming: 0 });
    return groups.get(name);
  };
  const parts = (name) => document.querySelectorAll(`.answer-of-${name}`);
  const show = (name) => {
    const one = group(name);
    const stale = one.changes !== one.shown || one.coming > 0;
    for (const part of parts(name)) {
      part.inert = stale;
      part.ariaBusy = stale ? "true" : null;
    }
  };
  const settle = (name) => {
    const one = group(name);
    // An older request that still runs could put its parts over those of the newest.
    if (one.running === 0 && one.sent === one.changes) one.shown = one.changes;
    show(name);
    if (one.shown === one.changes) reveal(name);
  };
  // On a phone the answer to a new picture stands below it, out of sight.
  let arrivedIn = null;
  const reveal = (name) => {
    const first = arrivedIn?.querySelector(".answer-part");
    if (!first?.classList.contains(`answer-of-${name}`)) return;
    arrivedIn = null;
    if (innerWidth <= 640) first.scrollIntoView({ block: "start", behavior: "smooth" });
  };
  // Answers that come in parts are in reach with the first part of the newest request.
  const watch = (name) => {
    const one = group(name);
    one.watcher ??= new MutationObserver(() => {
      if (one.running !== 1 || one.sent !== one.changes || one.shown === one.changes) return;
      one.shown = one.changes;
      show(name);
    });
    for (const part of parts(name)) one.watcher.observe(part, { childList: true, subtree: true });
  };
  const act = {
    // Something else was chosen.
    changed: (name) => { group(name).changes += 1; show(name); },
    // The request for it leaves.
    sent: (name, inParts) => {
      const one = group(name);
      one.sent = one.changes;
      one.running += 1;
      if (inParts) watch(name);
    },
    // Its answer is here, or an error in its place.
    answered: (name) => { group(name).running -= 1; settle(name); },
    failed: (name) => { group(name).running -= 1; show(name); },
  };

  // Until the file or example is here Gradio knows of no change; one that is refused is none.
  const namesIn = (element) => {
    const panel = element?.closest?.("[role=tabpanel]");
    const classes = [...(panel?.querySelectorAll("[class*=answer-of-]") ?? [])].flatMap((one) => [...one.classList]);
    return [...new Set(classes.filter((one) => one.startsWith("answer-of-")).map((one) => one.slice(10)))];
  };
  const coming = (element) => {
    const names = namesIn(element);
    arrivedIn = element?.closest?.("[role=tabpanel]");
    for (const name of names) { group(name).coming += 1; show(name); }
    return () => { for (const name of names) { group(name).coming -= 1; show(name); } };
  };
  const open = () => [...document.querySelectorAll("#tabs > [role=tabpanel], #tabs [role=tabpanel]")].find((one) => one.offsetParent);
  const before = window.fetch;
  window.fetch = async (...request) => {
    const address = String(request[0]?.url ?? request[0]);
    if (!/\/gradio_api\/upload(\?|$)/.test(address)) return before(...request);
    const done = coming(open());
    try {
      return await before(...request);
    } finally {
      // The change of the picture follows in a moment.
      setTimeout(done, 300);
    }
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[id$=-examples] button")) return;
    const done = coming(event.target);
    const names = namesIn(event.target);
    const counts = names.map((name) => group(name).changes);
    const began = performance.now();
    // The same example again changes nothing.
    const wait = setInterval(() => {
      const moved = names.some((name, i) => group(name).changes !== counts[i]);
      if (!moved && performance.now() - began < 3000) return;
      clearInterval(wait);
      done();
    }, 50);
  }, true);

  // Without a connection nothing that is chosen reaches the server; Gradio tells no one.
  act.lost = () => {
    window.vitrineBatch.lost();
    for (const name of new Set([...document.querySelectorAll("[class*=answer-of-]")].flatMap((one) => [...one.classList]))) {
      if (name.startsWith("answer-of-")) act.changed(name.slice(10));
    }
  };
  return act;
})();
