import { colourOf } from "./colours.js";
import { h, s } from "./dom.js";
import { seconds, siloName } from "./format.js";

const kinds = [["computing", "computing"], ["waiting", "waiting for keys and values"], ["saving", "writing a checkpoint"]];

/** Steps of 1, 2 or 5 that cut a length into at most so many parts. */
function ticks(length, most) {
  const raw = length / most, size = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 5, 10].map(factor => factor * size).find(candidate => candidate >= raw);
  return Array.from({ length: Math.floor(length / step + 1e-9) + 1 }, (_, i) => i * step);
}

/** What each block did when: a row for each, in each slot of time the shares of computing, waiting and saving. */
export function timeline(document) {
  const begun = document.blocks.filter(block => block.began !== null && block.began !== undefined);
  if (!begun.length) return h("p", { class: "quiet" }, "No block has begun yet.");
  const width = 1000, row = Math.max(9, Math.min(20, 320 / begun.length)), left = 60, top = 4;
  const length = Math.max(0.1, document.seconds, ...begun.map(block => block.began + block.seconds));
  const every = Math.ceil(12 / row);
  const x = time => left + time / length * (width - left - 8);
  const height = top + begun.length * row + 22;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "timeline", role: "img", "aria-label": `Timeline of ${begun.length} blocks over ${seconds(length)}` });
  for (const time of ticks(length, 8)) {
    svg.append(s("line", { class: "grid", x1: x(time), x2: x(time), y1: top, y2: height - 18 }),
      s("text", { class: "tick", x: x(time), y: height - 4 }, seconds(time)));
  }
  svg.append(s("text", { class: "label", x: left - 18, y: height - 4 }, "block"));
  begun.forEach((block, i) => {
    const y = top + i * row, high = row - 2;
    const group = s("g", {}, s("title", {}, `Block ${block.index} on ${block.silo ? siloName(block.silo) : "this silo"}: ${seconds(block.seconds)}, waiting ${seconds(block.waiting)}`));
    if (i % every === 0) group.append(s("text", { class: "label", x: left - 12, y: y + row / 2 + 3 }, block.index));
    group.append(s("rect", { class: "owner", x: left - 7, y, width: 4, height: high, style: { fill: colourOf(block.silo) } }));
    group.append(s("rect", { class: "span", x: x(block.began), y, width: Math.max(1, x(block.began + block.seconds) - x(block.began)), height: high }));
    bars(group, block, x, y, high);
    svg.append(group);
  });
  for (const loss of document.losses) {
    svg.append(s("line", { class: "loss", x1: x(loss.at), x2: x(loss.at), y1: top, y2: height - 18 }, s("title", {}, `${seconds(loss.at)}: block ${loss.block} on ${siloName(loss.silo)}. ${loss.reason}`)));
  }
  return h("div", {},
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline", "data-focus": "timeline", "data-scroll": "timeline" }, svg),
    h("ul", { class: "legend" }, kinds.map(([kind, text]) => h("li", {}, h("i", { class: kind }), text)),
      document.losses.length > 0 && h("li", {}, h("i", { class: "lossmark" }), "an attempt lost")));
}

function bars(group, block, x, y, high) {
  if (!block.timeline) return;
  const { slotSeconds } = block.timeline;
  const paths = { computing: "", waiting: "", saving: "" };
  block.timeline.computing.forEach((_, slot) => {
    const from = x(block.began + slot * slotSeconds), to = Math.min(x(block.began + (slot + 1) * slotSeconds), x(block.began + block.seconds));
    if (to <= from) return;
    let at = y + high;
    for (const [kind] of kinds) {
      const part = block.timeline[kind][slot] / 100 * high;
      if (part <= 0) continue;
      paths[kind] += `M${from.toFixed(1)} ${at.toFixed(1)}H${to.toFixed(1)}V${(at - part).toFixed(1)}H${from.toFixed(1)}Z`;
      at -= part;
    }
  });
  for (const [kind, path] of Object.entries(paths)) {
    if (path) group.append(s("path", { class: kind, d: path }));
  }
}
