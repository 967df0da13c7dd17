import { follow, get } from "./api.js";
import { colourOf } from "./colours.js";
import { h, replace } from "./dom.js";
import { ago, count, jobName, progress, rate, seconds, siloName } from "./format.js";
import { ring } from "./ring.js";
import { SiloHistory, siloCards } from "./silos.js";

const blocksEvery = 1000;

/** The overview: silos, the ring of a running job, the jobs. It lives on one stream of events. */
export async function home(main, linkState, signal) {
  const silos = new SiloHistory();
  const view = { cluster: null, jobs: null, status: null, blocks: null, shown: null };
  const render = () => view.cluster && view.jobs && replace(main, page(view, silos));
  followBlocks(view, render, signal);
  await follow("/v1/events", (name, data) => {
    view[name] = name === "jobs" ? data.jobs : data;
    if (name === "cluster") {
      silos.take(data);
      document.getElementById("where").textContent = data.silos.length > 1 || data.clustered ? `cluster of ${data.active.length}` : siloName(data.self);
      document.title = `attend · ${data.active.length} silo${data.active.length === 1 ? "" : "s"}`;
    }
    render();
  }, linkState, signal);
}

/** The ring shows the running job that is furthest; its blocks are asked for once a second. */
async function followBlocks(view, render, signal) {
  while (!signal.aborted) {
    const running = (view.jobs ?? []).filter(job => job.state === "running").sort((a, b) => b.done - a.done);
    const job = running.find(each => each.id === view.shown?.id) ?? running[0] ?? null;
    try {
      view.blocks = job ? await get(`/v1/jobs/${job.id}/blocks`, signal) : null;
      view.shown = job;
    } catch {
      view.blocks = null; // It has ended meanwhile, or the stream of events says what is wrong.
    }
    if (job) render();
    await new Promise(resolve => setTimeout(resolve, view.jobs ? blocksEvery : 100));
  }
}

function page(view, silos) {
  const jobs = view.jobs, running = jobs.filter(job => job.state === "running");
  const totals = silos.totals();
  // Blocks are asked for less often than the job's figures come: those of the ring are the ones of the list.
  const shown = jobs.find(job => job.id === view.shown?.id) ?? view.shown;
  return [
    h("h1", { class: "hidden" }, "Overview"),
    h("section", { class: "sums", "aria-label": "In numbers" },
      sum(view.cluster.silos.filter(silo => silo.state === "active").length, "silos at work", view.cluster.silos.some(silo => silo.state !== "active") && "warn"),
      sum(running.length, "jobs running"),
      sum(jobs.filter(job => job.state === "waiting").length, "jobs waiting"),
      sum(rate(totals.rate), "now"),
      sum(totals.share === null ? "–" : `${Math.round(totals.share * 100)} %`, "of the peak"),
      sum(totals.tilesInFlight, "tiles in flight")),
    h("div", { class: view.blocks?.blocks?.length ? "pair" : "" },
      h("section", { class: "card", "aria-labelledby": "silos" }, h("h2", { id: "silos" }, "Silos"), siloCards(view.cluster, silos)),
      view.blocks?.blocks?.length > 0 && h("section", { class: "card ringcard", "aria-labelledby": "ring" },
        h("h2", { id: "ring" }, "Ring of ", h("a", { href: `#/jobs/${shown.id}`, "data-focus": "ringjob" }, jobName(shown))),
        ringOf(shown, view.blocks))),
    h("section", { class: "card", "aria-labelledby": "jobs" }, h("h2", { id: "jobs" }, "Jobs"), jobTable(jobs)),
  ];
}

const sum = (value, text, kind) => h("div", { class: kind || null }, h("b", {}, value), h("span", {}, text));

export function ringOf(job, document) {
  const told = h("p", { class: "told", "aria-live": "polite" }, legend(document));
  return [
    ring(document.blocks, progress(job.done), job.secondsLeft ? `${seconds(job.secondsLeft)} left` : job.state, text => { told.textContent = text; }),
    told,
  ];
}

const legend = document => {
  const silos = [...new Set(document.blocks.map(block => block.silo).filter(Boolean))];
  return silos.length > 0 && silos.map(silo => h("span", { class: "who" }, h("i", { style: { background: colourOf(silo) } }), siloName(silo)));
};

function jobTable(jobs) {
  if (!jobs.length) return h("p", { class: "quiet" }, "There are no jobs. ", h("code", {}, "attend job submit"), " hands one in.");
  return h("ul", { class: "jobs" }, jobs.map(job => h("li", {},
    h("a", { href: `#/jobs/${job.id}`, "data-focus": job.id },
      h("span", { class: "name" }, jobName(job), job.owner && job.owner !== "local" && h("small", {}, job.owner)),
      h("span", { class: `state ${job.state}` }, job.state),
      h("span", { class: "bar", role: "progressbar", "aria-label": `Progress of ${jobName(job)}`, "aria-valuenow": Math.floor(job.done * 100), "aria-valuemin": 0, "aria-valuemax": 100 },
        h("i", { class: job.state, style: { width: `${job.done * 100}%` } })),
      h("span", { class: "number" }, progress(job.done)),
      h("span", { class: "number rate" }, job.state === "running" ? rate(job.rate) : ""),
      h("span", { class: "number left" }, job.state === "running" && job.secondsLeft !== undefined ? `${seconds(job.secondsLeft)} left` : ""),
      h("span", { class: "quiet when" }, ago(job.ended ?? job.submitted))),
    job.error && h("p", { class: "error" }, job.error))), jobs.length >= 100 && h("li", { class: "quiet" }, `The youngest ${count(jobs.length)}.`));
}
