// What one answer of a camera contains, as elements of the page.
(() => {
  "use strict";
  const element = (name, text, style = "") => Object.assign(
    document.createElement(name), { textContent: text, style });
  // In the language of the page; only those that differ from their labels have to be told.
  const nameIn = (facts) => (label) => facts.names?.[label] ?? label;
  const list = (counts, name, comma) =>
    Object.entries(counts).map(([label, n]) => `${name(label)} ${n}`).join(comma);

  // facts: the JSON of the answer. translate: string key → text. colours: by class id.
  window.vitrineCameraResult = (facts, translate, colours) =>
    facts.labels ? scoreBars(facts, translate) : boxCounts(facts, translate, colours);

  function boxCounts(facts, translate, colours) {
    const counts = new Map(), name = nameIn(facts), comma = translate("list_comma");
    for (const { label, class_id: id } of facts.boxes) {
      const [n] = counts.get(label) ?? [0];
      counts.set(label, [n + 1, colours[id % colours.length]]);
    }
    const chips = element("div", "");
    chips.className = "chips";
    for (const [label, [n, colour]] of counts) {
      const chip = element("span", `${name(label)} × ${n}`);
      chip.prepend(element("i", "", `background:${colour}`));
      chips.append(chip);
    }
    if (!counts.size) chips.append(element("span", translate("live_none")));
    const parts = [chips];
    if (facts.tracks && Object.keys(facts.tracks).length)
      parts.push(element("p", `${translate("live_tracks")}: ${list(facts.tracks, name, comma)}`));
    if (facts.crossings) {
      const { rightward, leftward } = facts.crossings;
      const [right, left] = facts.arrows;
      const both = `${right} ${list(rightward, name, comma) || 0} · ${left} ${list(leftward, name, comma) || 0}`;
      parts.push(element("p", `${translate("live_crossings")}: ${both}`));
    }
    return parts;
  }

  function scoreBars(facts, translate) {
    const table = element("table", ""), name = nameIn(facts);
    table.className = facts.known ? "score-bars" : "score-bars unknown";
    for (const { label, score } of facts.labels) {
      const percent = (100 * score).toFixed(1);
      const row = table.insertRow();
      row.append(element("th", name(label)));
      const track = row.insertCell();
      track.className = "track";
      track.append(element("i", "", `width:${percent}%`));
      row.insertCell().textContent = `${percent} %`;
      row.cells[2].className = "num";
    }
    return facts.known ? [table] : [table, element("p", translate("live_unknown"))];
  }
})();
