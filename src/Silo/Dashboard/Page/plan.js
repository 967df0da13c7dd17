import { h, s } from "./dom.js";
import { count, percent } from "./format.js";

const names = { ".": "skipped", "/": "partial", "#": "full" };

/** The plan: a coarse map of the attention matrix, and how many tiles the masks skip, keep in part and keep whole. */
export function planView(plan) {
  const { skipped, partial, full } = plan.tiles, all = skipped + partial + full || 1;
  const side = 240, high = plan.map.length || 1, wide = plan.map[0]?.length || 1;
  const paths = { skipped: "", partial: "", full: "" };
  plan.map.forEach((line, y) => [...line].forEach((sign, x) => {
    paths[names[sign]] += `M${(x / wide * side).toFixed(2)} ${(y / high * side).toFixed(2)}h${(side / wide).toFixed(2)}v${(side / high).toFixed(2)}h-${(side / wide).toFixed(2)}z`;
  }));
  const rows = [["full", full, "computed whole"], ["partial", partial, "computed with a mask"], ["skipped", skipped, "neither fetched nor computed"]];
  return h("div", { class: "plan" },
    s("svg", { viewBox: `0 0 ${side} ${side}`, class: "map", role: "img", "aria-label": `Map of the attention matrix: ${percent(full / all)} whole, ${percent(partial / all)} in part, ${percent(skipped / all)} skipped` },
      Object.entries(paths).map(([kind, path]) => path && s("path", { class: kind, d: path }))),
    h("div", {},
      h("table", { class: "tiles" }, h("caption", {}, `Tiles of ${plan.spanRows.toLocaleString("en")} rows by ${plan.spanRows.toLocaleString("en")} keys${plan.tiles.matrices > 1 ? `, over ${plan.tiles.matrices} heads` : ", for each head"}; queries downwards, keys to the right`),
        h("tbody", {}, rows.map(([kind, number, text]) => h("tr", {}, h("th", { scope: "row" }, h("i", { class: kind }), kind), h("td", {}, count(number)), h("td", {}, percent(number / all, 1)), h("td", { class: "quiet wide" }, text))))),
      h("dl", { class: "facts" },
        h("dt", {}, "queries × keys"), h("dd", {}, `${plan.queryRows.toLocaleString("en")} × ${plan.keyRows.toLocaleString("en")}`),
        h("dt", {}, "heads"), h("dd", {}, `${plan.queryHeads}${plan.keyHeads !== plan.queryHeads ? ` on ${plan.keyHeads}` : ""}${plan.batch > 1 ? `, batch ${plan.batch}` : ""}`),
        h("dt", {}, "mask"), h("dd", {}, plan.masks))));
}
