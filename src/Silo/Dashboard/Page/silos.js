import { colourOf } from "./colours.js";
import { h, s } from "./dom.js";
import { bytes, coarse, percent, rate, siloName } from "./format.js";

const kept = 60;
const words = { active: "at work", silent: "does not answer", joining: "joining", leaving: "leaving", dead: "lost" };

/** Rates of silos, worked out from the sums that they tell, and what they were lately. */
export class SiloHistory {
  #silos = new Map();

  take(cluster) {
    for (const silo of cluster.silos) {
      const before = this.#silos.get(silo.name);
      const now = silo.engine;
      const entry = { ...before, silo, rates: before?.rates ?? [] };
      if (now && before?.engine && now.uptimeSeconds > before.engine.uptimeSeconds) {
        const passed = now.uptimeSeconds - before.engine.uptimeSeconds;
        const operations = now.operations - before.engine.operations, busy = now.busySeconds - before.engine.busySeconds;
        entry.rate = operations / passed;
        entry.use = Math.min(1, busy / passed / Math.max(1, now.threads));
        entry.share = busy > 0.05 * passed && now.peakPerThread > 0 ? operations / busy / now.peakPerThread : null;
        entry.rates = [...entry.rates, entry.rate].slice(-kept);
      }
      entry.engine = now ?? before?.engine;
      if (silo.state !== "active") [entry.rate, entry.share, entry.use] = [0, null, 0];
      this.#silos.set(silo.name, entry);
    }
    for (const name of this.#silos.keys()) {
      if (!cluster.silos.some(silo => silo.name === name)) this.#silos.delete(name);
    }
  }

  of = name => this.#silos.get(name) ?? {};

  totals() {
    const all = [...this.#silos.values()].filter(entry => entry.silo.state === "active");
    const shares = all.filter(entry => entry.share !== null && entry.share !== undefined);
    return {
      rate: all.reduce((sum, entry) => sum + (entry.rate ?? 0), 0),
      share: shares.length ? shares.reduce((sum, entry) => sum + entry.share, 0) / shares.length : null,
      tilesInFlight: all.reduce((sum, entry) => sum + (entry.engine?.tilesInFlight ?? 0), 0),
    };
  }
}

export function siloCards(cluster, history) {
  return h("ul", { class: "silos" }, cluster.silos.map(silo => {
    const now = history.of(silo.name), engine = silo.engine;
    const peak = engine ? engine.peakPerThread * engine.threads : 0;
    return h("li", { class: silo.state, style: { "--colour": colourOf(silo.name) } },
      h("div", { class: "head" }, h("i"), h("b", { title: silo.name }, siloName(silo.name)),
        h("span", { class: `state ${silo.state}` }, words[silo.state] ?? silo.state)),
      engine ? [
        spark(now.rates ?? [], peak),
        h("p", { class: "ratetext" }, h("b", {}, rate(now.rate)), peak > 0 && h("small", {}, `peak ${rate(peak)}`)),
        h("dl", {},
          fact("cores", `${engine.busyThreads} of ${engine.threads} busy`, `${engine.processors} processor${engine.processors === 1 ? "" : "s"}`),
          fact("of the peak", percent(now.share), doing(now, engine)),
          fact("blocks", silo.blocks, `${silo.blocksAtOnce} at once`),
          fact("memory", bytes(engine.memoryBytes), `${bytes(engine.tileCacheBytes)} of tiles`),
          fact("tiles in flight", engine.tilesInFlight),
          fact("kernel", engine.kernel, silo.name === cluster.self ? "answers here" : `up ${coarse(engine.uptimeSeconds)}`)),
      ] : h("p", { class: "quiet" }, silo.state === "dead" ? "Its blocks are given to others." : "Nothing is known of it just now."));
  }));
}

// Of the second pass over the weights no operations are counted, but it keeps threads busy.
const doing = (now, engine) => now.rate > 0 ? "computing" : engine.busyThreads > 0 ? "no block now" : "idle";

const fact = (name, value, more) => h("div", {}, h("dt", {}, name), h("dd", {}, value, more && h("small", {}, more)));

/** The rate of the last minute against the peak, which is the upper edge. */
function spark(rates, peak) {
  const width = 200, height = 34, most = Math.max(peak, ...rates, 1);
  const points = rates.map((each, i) => `${(width - (rates.length - 1 - i) * width / (kept - 1)).toFixed(1)} ${(height - each / most * (height - 2)).toFixed(1)}`);
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("line", { x1: 0, x2: width, y1: 1, y2: 1, class: "peak" }),
    points.length > 1 && s("path", { class: "area", d: `M${points[0].split(" ")[0]} ${height}L${points.join("L")}L${width} ${height}Z` }),
    points.length > 1 && s("path", { class: "line", d: `M${points.join("L")}` }));
}
