// Several files at once, or a ZIP, or a folder: sorted out in the browser, and uploaded one by one,
// so that each has its own limit, and one that is refused does not take the others with it.
window.vitrineBatchFiles = (() => {
  "use strict";
  const AT_ONCE = 3;
  const MOST_SEEN = 20_000;  // files of a folder that are looked at
  const TRIES = 5;           // of one file, where the server asks to wait
  const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

  const text = (key) => window.vitrineUploadStrings[key][document.documentElement.dataset.l];
  const say = (key, fields = {}) => text(key).replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const isZip = (file) => /\.zip$/i.test(file.name) || /^application\/(x-)?zip(-compressed)?$/.test(file.type);
  const isPicture = (file) => /^image\/(?!svg)/.test(window.vitrineTyped(file).type);

  // The files below the folders of a drop, each with its path: [path, file] each.
  async function dropped(entries) {
    const found = [];
    const enter = async (entry) => {
      if (!entry || found.length >= MOST_SEEN) return;
      if (entry.isFile) {
        const file = await new Promise((done) => entry.file(done, () => done(null)));
        if (file) found.push([entry.fullPath?.replace(/^\//, "") || file.name, file]);
      } else if (entry.isDirectory) {
        const reader = entry.createReader();
        // A reader gives a hundred at a time.
        for (;;) {
          const some = await new Promise((done) => reader.readEntries(done, () => done([])));
          if (!some.length) break;
          for (const one of some) await enter(one);
        }
      }
    };
    for (const entry of entries) await enter(entry);
    return found;
  }

  const chosen = (files) => [...files].map((file) => [file.webkitRelativePath || file.name, file]);

  // What is sent, and the name of what is not, why, and the limit. limits: picture and zip in MB.
  function sorted(files, limits) {
    const send = [], left = [];
    for (const [name, file] of files) {
      if (HIDDEN.test(name)) continue;
      const most = isZip(file) ? limits.zip : isPicture(file) ? limits.picture : 0;
      if (!most) left.push({ name, why: "several_left_no_picture" });
      else if (file.size > most * 1e6) left.push({ name, why: "several_left_big", limit: most });
      else send.push([name, file]);
    }
    send.sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
    return { send, left };
  }

  // One request, which can be broken off; resolves to its status, its JSON and how long to wait.
  function post(file, signal, onBytes) {
    return new Promise((done) => {
      // Not by fetch: a picture that is fetched up counts as the next one of the tab.
      const request = new XMLHttpRequest();
      request.open("POST", new URL(`${window.vitrineAddress.root()}gradio_api/upload`, location.href));
      request.upload.onprogress = ({ loaded }) => onBytes(loaded);
      request.onloadend = () => {
        let answer = null;
        try { answer = JSON.parse(request.responseText); } catch { /* of a proxy: its status says it */ }
        done([request.status, answer, Number(request.getResponseHeader("retry-after")) || 2]);
      };
      signal.addEventListener("abort", () => request.abort());
      const form = new FormData();
      form.append("files", file, file.name);
      request.send(form);
    });
  }

  // Uploads files and tells how far it is. Resolves to {files: [{name, path}], left}.
  async function upload(files, signal, onProgress) {
    const results = new Array(files.length), left = [];
    const total = files.reduce((sum, [, file]) => sum + file.size, 0) || 1;
    const sent = new Array(files.length).fill(0);
    let next = 0, done = 0;
    const tell = () => onProgress(done, files.length, sent.reduce((a, b) => a + b, 0) / total);
    const one = async (place) => {
      const [name, file] = files[place];
      for (let tries = 1; ; tries++) {
        const [status, answer, wait] = await post(file, signal, (bytes) => { sent[place] = Math.min(bytes, file.size); tell(); });
        if (signal.aborted) return;
        if (status === 200 && answer?.[0]) return void (results[place] = { name, path: answer[0] });
        const again = [0, 429, 503].includes(status) && tries < TRIES;
        if (!again) return void left.push({ name, why: status === 507 ? "several_left_full" : "several_left_lost" });
        await new Promise((go) => { setTimeout(go, wait * 1000); signal.addEventListener("abort", go); });
      }
    };
    const worker = async () => {
      while (next < files.length && !signal.aborted) {
        const place = next++;
        await one(place);
        done += 1;
        sent[place] = files[place][1].size;
        tell();
      }
    };
    tell();
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, worker));
    return { files: results.filter(Boolean), left };
  }

  return { dropped, chosen, sorted, upload, say, isZip, isPicture };
})();
