// The visitor's language and theme stand in the address: within a page of another site the browser
// may refuse storage and cookies.
(() => {
  const asked = new URLSearchParams(location.search).get("lang");
  const localeOf = (tag) => /^zh\b/i.test(tag) ? (/-(hant|tw|hk|mo)\b/i.test(tag) ? "zh-TW" : "zh-CN")
    : /^en\b/i.test(tag) ? "en" : null;
  // As `demo.i18n.locale_of` chooses from the header that the browser sends.
  const preferred = navigator.languages.map(localeOf).find(Boolean) ?? "en";
  const isAsked = /^(en|zh-CN|zh-TW)$/.test(asked);
  const lang = isAsked ? asked : preferred;
  // Gradio's front end looks up navigator.language literally and knows only these three names.
  Object.defineProperty(navigator, "language", { get: () => lang });
  Object.defineProperty(navigator, "languages", { get: () => [lang] });
  document.documentElement.dataset.l = document.documentElement.lang = lang;
  if (isAsked) addEventListener("DOMContentLoaded", () => window.vitrineAddress.put("lang", lang));
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#theme-switch")) return;
    const dark = !document.body.classList.contains("dark");
    document.body.classList.toggle("dark", dark);
    window.vitrineAddress.put("__theme", dark ? "dark" : "light");
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "language-switch") return;
    window.vitrineAddress.put("lang", target.value === preferred ? null : target.value);
    location.reload();
  });
  // The header is rendered after the page has loaded.
  const showChoice = () => {
    const box = document.getElementById("language-switch");
    if (!box) return void setTimeout(showChoice, 100);
    box.value = lang;
  };
  addEventListener("load", showChoice);
})();
