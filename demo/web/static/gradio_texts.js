// Gradio's own English names and messages in the language of the page, and what it leaves unsaid
// where the connection is lost.
(() => {
  // Where Gradio says what has happened: in toasts, beside its spinner, to screen readers.
  const SAYING = ".toast-wrap, .meta-text, .sr-only";
  const lost = "Connection to the server was lost. Attempting reconnection...";
  const lang = document.documentElement.dataset.l;
  const texts = window.vitrineGradioTexts;
  const plain = new Map(), patterns = [];
  const patternOf = (text) => new RegExp("^" + text.split(/\{\d\}/).map(
    (part) => part.replace(/[|.?()]/g, "\\$&")).join("(.*)") + "$");
  for (const text of Object.values(texts)) {
    if (!text.en.includes("{0}")) plain.set(text.en, text[lang]);
    else patterns.push([patternOf(text.en), text[lang]]);
  }
  plain.set("common.complete", texts.gradio_complete[lang]);  // a key that Gradio has no text for
  plain.set(lost, texts.connection_lost[lang]);
  const translated = (text) => {
    const known = plain.get(text.trim());
    if (known !== undefined) return known;
    for (const [pattern, into] of patterns) {
      const found = text.trim().match(pattern);
      if (found) return into.replace(/\{(\d)\}/g, (_, place) => found[1 + Number(place)]);
    }
    return text;
  };
  const names = ["aria-label", "title"];
  const name = (element) => {
    for (const one of names) {
      const given = element.getAttribute(one);
      const said = given && translated(given);
      if (!said || said === given) continue;
      // Other scripts find Gradio's buttons by their English names.
      element.dataset.gradioName = given;
      element.setAttribute(one, said);
    }
  };
  const say = (toast) => {
    const walker = document.createTreeWalker(toast, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const given = walker.currentNode.data;
      if (given.includes(lost)) window.vitrineAnswers.lost();
      const said = translated(given);
      if (said !== given) walker.currentNode.data = said;
    }
  };
  const look = (element) => {
    if (lang !== "en") {
      name(element);
      element.querySelectorAll("[aria-label], [title]").forEach(name);
    }
    const saying = element.closest(SAYING) ? [element] : element.querySelectorAll(SAYING);
    saying.forEach(say);
  };
  document.addEventListener("DOMContentLoaded", () => {
    look(document.body);
    new MutationObserver((records) => {
      for (const record of records) {
        if (record.type === "attributes") name(record.target);
        else {
          const { target } = record;
          const changed = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
          if (changed?.closest(SAYING)) say(changed);
        }
        for (const node of record.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) look(node);
      }
    }).observe(document.body, {
      childList: true, subtree: true, characterData: true, ...(lang !== "en" && { attributeFilter: names }),
    });
  });
})();
