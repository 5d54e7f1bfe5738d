// The page's address: the open tab is its path, what is set there its query, and so are language
// and theme. The state of the browser's history, which no site can refuse, holds over a reload
// what the address does not say: the settings of the other tabs, and the input picture.
(() => {
  "use strict";
  const PAUSE_MS = 250;  // browsers refuse to change an address hundreds of times in a row
  const asked = new URLSearchParams(location.search);
  const past = history.state?.vitrine ?? {};
  // __sign is the Hub's pass to a private Space: a reload needs it, a link does not give it away.
  const kept = { lang: null, __theme: asked.get("__theme"), __sign: asked.get("__sign") };
  const settings = {};  // tab → query, and whether it differs from what a new page shows
  let root = "/", tabs = [], first = null, open = null, picture = past.picture ?? null;
  let isReady = false, timer = 0, writtenAt = 0;

  const namedTab = () => {
    const name = location.pathname.startsWith(root) ? location.pathname.slice(root.length) : "";
    return tabs.includes(name) ? name : null;
  };

  // Gradio opens the tab that its configuration names, which stands in the page.
  function prepare() {
    const { components, root: address } = window.gradio_config;
    root = new URL(address || "/", location.href).pathname.replace(/\/*$/, "/");
    const layout = components.find(({ type, props }) => type === "tabs" && props.elem_id === "tabs");
    tabs = components.filter(({ type, props }) => type === "tabitem" && props.elem_id === `tab-${props.id}`)
      .map(({ props }) => props.id);
    first = layout.props.selected ?? tabs[0];
    open = layout.props.selected = namedTab() ?? first;
  }

  function address(tab, { link = false } = {}) {
    const own = settings[tab], states = own && (link || own.changed) ? own.query : "";
    const query = new URLSearchParams(states);
    const more = link ? { lang: document.documentElement.dataset.l } : kept;
    for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
    const isBare = !link && !states && tab === first && location.pathname === root;
    const url = new URL(isBare ? root : root + tab, location.origin);
    url.search = query;
    return url.href;
  }

  function state() {
    const queries = Object.fromEntries(
      Object.entries(settings).filter(([, own]) => own.changed).map(([tab, own]) => [tab, own.query]));
    return { ...history.state, vitrine: { queries, picture } };
  }

  function write(change = "replaceState") {
    clearTimeout(timer);
    timer = 0;
    if (!isReady) return;
    writtenAt = Date.now();
    history[change](state(), "", address(open));
  }

  function writeSoon() {
    const wait = writtenAt + PAUSE_MS - Date.now();
    if (wait <= 0) write();
    else timer ||= setTimeout(write, wait);
  }

  addEventListener("popstate", () => {
    clearTimeout(timer);
    timer = 0;
    const tab = namedTab() ?? first;
    if (tab === open) return void write();
    open = tab;
    document.querySelector(`#tabs button[data-tab-id="${tab}"]`)?.click();
  });

  // Before Gradio's own script, which is a module.
  document.addEventListener("readystatechange", () => {
    if (document.readyState === "interactive") prepare();
  });

  window.vitrineAddress = {
    tab: () => open,
    root: () => root,
    link: () => address(open, { link: true }),
    write,

    // What the page was opened with, for the server.
    opened() {
      const own = new URLSearchParams(location.search);
      for (const name of Object.keys(kept)) own.delete(name);
      const queries = { ...past.queries, ...(String(own) && { [open]: String(own) }) };
      const lang = asked.get("lang") ?? "";
      return lang || Object.keys(queries).length ? JSON.stringify({ queries, lang }) : "";
    },

    // The server has set the page accordingly: from now on the address follows.
    async ready() {
      isReady = true;
      this.select(open);
      await window.vitrinePicture.restore(past.picture);
    },

    // A tab is open.
    select(tab) {
      if (timer) write();
      open = tab;
      write((namedTab() ?? first) === tab ? "replaceState" : "pushState");
    },

    // facts: of each parameter its name, initial value and condition, and whether it is stated
    // also with that value. values: as they are now.
    set(tab, facts, values) {
      const query = new URLSearchParams(), now = {};
      let changed = false;
      facts.forEach(({ name, initial, only, always }, i) => {
        if (only && now[only[0]] !== only[1]) return;
        now[name] = values[i];
        const differs = JSON.stringify(values[i]) !== JSON.stringify(initial);
        changed ||= differs;
        for (const one of differs || always ? [values[i] ?? []].flat() : [])
          query.append(name, typeof one === "number" ? Number(one.toFixed(4)) : one);
      });
      settings[tab] = { query: String(query), changed };
      if (tab === open) writeSoon();
    },

    // lang or __theme; null takes it out.
    put(name, value) {
      kept[name] = value;
      write();
    },

    keep(shared) {
      picture = shared;
      writeSoon();
    },
  };
})();
