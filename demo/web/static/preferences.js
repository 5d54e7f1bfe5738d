// The visitor's language and theme, kept in cookies.
(() => {
  const cookie = (name) => document.cookie.split("; ").find((c) => c.startsWith(name + "="))?.split("=")[1];
  const requested = new URLSearchParams(location.search).get("lang");
  const setCookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Lax`; };
  const requestedLang = /^(en|zh-CN|zh-TW)$/.test(requested) ? requested : "";
  if (requestedLang) setCookie("vitrine_lang", requestedLang);
  const preferred = requestedLang || cookie("vitrine_lang") || navigator.language;
  // Within a page of another site the browser may refuse storage, and cookies.
  const storage = (() => { try { return sessionStorage; } catch { return {}; } })();
  const lang = /^zh-(tw|hk|mo|hant)/i.test(preferred) ? "zh-TW"
    : /^zh/i.test(preferred) ? "zh-CN" : "en";
  // Gradio's front end looks up navigator.language literally and knows only these three names.
  Object.defineProperty(navigator, "language", { get: () => lang });
  Object.defineProperty(navigator, "languages", { get: () => [lang] });
  document.documentElement.dataset.l = lang;
  const theme = cookie("vitrine_theme");
  if (theme) {
    const address = new URL(location.href);
    address.searchParams.set("__theme", theme);
    history.replaceState(null, "", address);
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#theme-switch")) return;
    const dark = !document.body.classList.contains("dark");
    document.body.classList.toggle("dark", dark);
    setCookie("vitrine_theme", dark ? "dark" : "light");
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "language-switch") return;
    setCookie("vitrine_lang", event.target.value);
    const tabs = [...document.querySelectorAll("#tabs button[role=tab]")];
    storage.vitrine_tab = tabs.findIndex((tab) => tab.ariaSelected === "true");
    const address = new URL(location.href);
    address.searchParams.delete("lang");
    if (cookie("vitrine_lang") !== event.target.value)
      address.searchParams.set("lang", event.target.value);
    location.href = address;
  });
  // The header is rendered after the page has loaded.
  const showChoices = () => {
    const box = document.getElementById("language-switch");
    if (!box) return void setTimeout(showChoices, 100);
    box.value = lang;
    document.querySelectorAll("#tabs button[role=tab]")[storage.vitrine_tab]?.click();
    delete storage.vitrine_tab;
  };
  addEventListener("load", showChoices);
})();
