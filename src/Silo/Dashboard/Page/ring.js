import { colourOf } from "./colours.js";
import { s } from "./dom.js";
import { percent, seconds, siloName } from "./format.js";

const size = 320, centre = size / 2, inner = 84, outer = 150;

const at = (radius, turn) => {
  const angle = (turn - 0.25) * 2 * Math.PI;
  return `${(centre + radius * Math.cos(angle)).toFixed(2)} ${(centre + radius * Math.sin(angle)).toFixed(2)}`;
};

/** A piece of a ring between two turns (0 to 1). A whole turn is drawn as two halves: an arc cannot end where it began. */
function sector(from, to, low, high) {
  if (to - from > 0.999) return `${sector(from, from + 0.5, low, high)} ${sector(from + 0.5, to - 1e-4, low, high)}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M ${at(low, from)} L ${at(high, from)} A ${high} ${high} 0 ${large} 1 ${at(high, to)} L ${at(low, to)} A ${low} ${low} 0 ${large} 0 ${at(low, from)} Z`;
}

const says = block => [
  `Block ${block.index}`,
  `rows ${block.firstRow.toLocaleString("en")} to ${(block.firstRow + block.rows - 1).toLocaleString("en")}`,
  block.state === "running" ? `${percent(block.done)} done` : block.state,
  block.silo && siloName(block.silo),
  block.attempts > 1 && `attempt ${block.attempts}`,
  block.seconds > 0 && `${seconds(block.seconds)}, of these waiting ${seconds(block.waiting)}`,
].filter(Boolean).join(", ");

/**
 * The ring of blocks: each as far filled, from the inside, as it is done, in the colour of its silo.
 * @param told called with a sentence on the block that is pointed at
 */
export function ring(blocks, middle, below, told) {
  const gap = Math.min(0.004, 0.09 / blocks.length);
  const svg = s("svg", { viewBox: `0 0 ${size} ${size}`, class: "ring", role: "group", "aria-label": `Ring of ${blocks.length} blocks` });
  const move = event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const sectors = [...svg.querySelectorAll(".block")];
    const next = sectors[(sectors.indexOf(event.currentTarget) + step + sectors.length) % sectors.length];
    sectors.forEach(each => each.setAttribute("tabindex", each === next ? 0 : -1));
    next.focus();
  };
  blocks.forEach((block, i) => {
    const from = i / blocks.length + gap, to = (i + 1) / blocks.length - (blocks.length > 1 ? gap : 0);
    const colour = colourOf(block.silo);
    const done = inner + (outer - inner) * Math.sqrt(block.done);
    const text = says(block);
    svg.append(s("g", {
      class: `block ${block.state}`, tabindex: i === 0 ? 0 : -1, role: "img", "aria-label": text, "data-focus": `block-${block.index}`,
      style: { "--colour": colour }, onkeydown: move, onfocus: () => told(text), onpointerenter: () => told(text),
    },
    s("path", { class: "whole", d: sector(from, to, inner, outer) }),
    block.done > 0 && s("path", { class: "done", d: sector(from, to, inner, done) }),
    block.attempts > 1 && s("circle", { class: "again", r: 3, cx: at(outer + 6, (from + to) / 2).split(" ")[0], cy: at(outer + 6, (from + to) / 2).split(" ")[1] })));
  });
  svg.append(
    s("text", { x: centre, y: centre + 4, class: "middle" }, middle),
    s("text", { x: centre, y: centre + 28, class: "below" }, below));
  return svg;
}
