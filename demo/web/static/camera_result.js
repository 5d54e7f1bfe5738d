// What one answer of a camera contains, as elements of the page.
(() => {
  "use strict";
  const element = (name, text, style = "") => Object.assign(
    document.createElement(name), { textContent: text, style });
  const list = (counts) => Object.entries(counts).map(([label, n]) => `${label} ${n}`).join(", ");

  // facts: the JSON of the answer. translate: string key → text. colours: by class id.
  window.vitrineCameraResult = (facts, translate, colours) =>
    facts.labels ? scoreBars(facts, translate) : boxCounts(facts, translate, colours);

  function boxCounts(facts, translate, colours) {
    const counts = new Map();
    for (const { label, class_id: id } of facts.boxes) {
      const [n] = counts.get(label) ?? [0];
      counts.set(label, [n + 1, colours[id % colours.length]]);
    }
    const chips = element("div", "");
    chips.className = "chips";
    for (const [label, [n, colour]] of counts) {
      const chip = element("span", `${label} × ${n}`);
      chip.prepend(element("i", "", `background:${colour}`));
      chips.append(chip);
    }
    if (!counts.size) chips.append(element("span", translate("live_none")));
    const parts = [chips];
    if (facts.tracks && Object.keys(facts.tracks).length)
      parts.push(element("p", `${translate("live_tracks")}: ${list(facts.tracks)}`));
    if (facts.crossings) {
      const { rightward, leftward } = facts.crossings;
      const [right, left] = facts.arrows;
      const both = `${right} ${list(rightward) || 0} · ${left} ${list(leftward) || 0}`;
      parts.push(element("p", `${translate("live_crossings")}: ${both}`));
    }
    return parts;
  }

  function scoreBars(facts, translate) {
    const table = element("table", "");
    table.className = facts.known ? "score-bars" : "score-bars unknown";
    for (const { label, score } of facts.labels) {
      const percent = (100 * score).toFixed(1);
      const row = table.insertRow();
      row.append(element("th", label));
      const track = row.insertCell();
      track.className = "track";
      track.append(element("i", "", `width:${percent}%`));
      row.insertCell().textContent = `${percent} %`;
      row.cells[2].className = "num";
    }
    return facts.known ? [table] : [table, element("p", translate("live_unknown"))];
  }
})();
