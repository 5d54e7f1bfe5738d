// One picture for all tabs: what was put in last on one is handed to each other one that is opened,
// as the private file that it is already; the server hears of it from the open tab alone.
(() => {
  "use strict";
  const own = {};     // tab → path of the picture that it shows
  const begun = {};   // tab → when something was last put in there, as a rising number
  let count = 0, since = 0, shared;  // undefined: nothing was put in yet; null: it was cleared

  const pathOf = (picture) => picture?.path ?? null;
  const offer = () => document.getElementById(`${window.vitrineAddress.tab()}-take-picture`)?.click();

  // A tab is laid out when it is first opened, its button for this script last; some frames later
  // Gradio sets all that is in it once more, and a picture that is there already counts as new.
  async function laidOut(tab) {
    const frame = () => new Promise(requestAnimationFrame), end = performance.now() + 2000;
    const isThere = () => ["picture", "take-picture"].every((one) => document.getElementById(`${tab}-${one}`));
    while (!isThere() && performance.now() < end) await frame();
    for (let i = 0; i < 4; i++) await frame();
  }

  // Uploads take their time: what was begun last counts, not what has arrived last.
  for (const kind of ["drop", "change", "paste", "pointerdown", "keydown"])
    addEventListener(kind, ({ target }) => {
      const box = target.closest?.("[id$=-picture], [id$=-examples]");
      if (box) begun[box.id.replace(/-(picture|examples)$/, "")] = ++count;
    }, true);

  window.vitrinePicture = {
    // Something is put into a tab by a script.
    begin(tab) { begun[tab] = ++count; },

    // The picture of a tab is another one. Returns what it has to show instead, if anything.
    changed(tab, picture) {
      const path = pathOf(picture), isNew = path !== (own[tab] ?? null);
      own[tab] = path;
      if (isNew) window.vitrineBatch.replaced(tab, path);
      if (!isNew || path === pathOf(shared)) return undefined;
      const isOpen = tab === window.vitrineAddress.tab();
      if ((begun[tab] ?? 0) < since) return isOpen ? shared : undefined;
      since = begun[tab] ?? 0;
      shared = picture && JSON.parse(JSON.stringify(picture));
      window.vitrineAddress.keep(shared);
      if (!isOpen) offer();
      return undefined;
    },

    // A tab is open that shows `picture`. Returns what it has to show instead, if anything.
    async wanted(tab, picture) {
      await laidOut(tab);
      if (tab !== window.vitrineAddress.tab() || shared === undefined) return undefined;
      // What was there before a reload gives way to what was begun here since, which is on its way.
      if (!since && begun[tab]) return undefined;
      // What was put in while the tab was laid out is not in `picture`; set again it would count twice.
      return [pathOf(picture), own[tab]].includes(pathOf(shared)) ? undefined : shared;
    },

    // The picture that was there before a reload, if the server still has it and nothing was begun
    // since: set while another one is on its way, it would take its place.
    async restore(picture) {
      const isLate = () => count > 0 || shared !== undefined;
      if (!picture || isLate()) return;
      const found = await fetch(picture.url, { method: "HEAD" }).catch(() => null);
      if (isLate()) return;
      if (!found?.ok) return void window.vitrineAddress.keep(null);
      shared = picture;
      offer();
    },
  };
})();
