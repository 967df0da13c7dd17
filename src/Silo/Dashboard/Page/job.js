import { analyticsOf } from "./analytics.js";
import { Refused, download, follow, get, post } from "./api.js";
import { colourOf } from "./colours.js";
import { h, replace } from "./dom.js";
import { ago, bytes, count, jobName, percent, progress, rate, seconds, siloName } from "./format.js";
import { ringOf } from "./home.js";
import { planView } from "./plan.js";
import { timeline } from "./timeline.js";

const blocksEvery = 1000;

/** A job: how far it is, its plan, its ring, what its blocks did when, what was lost. */
export async function jobPage(main, id, linkState, signal) {
  const view = { job: await get(`/v1/jobs/${id}`, signal), blocks: null, plots: null, said: null };
  const render = () => replace(main, page(view, act));
  const act = async what => {
    try {
      view.job = await post(`/v1/jobs/${id}/${what}`);
      view.said = null;
    } catch (error) {
      view.said = error.message;
    }
    render();
  };
  const loadBlocks = async () => {
    try {
      view.blocks = await get(`/v1/jobs/${id}/blocks`, signal);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    render();
  };
  const more = async () => {
    view.plots ??= view.job.state === "finished" ? await analyticsOf(view.job, signal) : null;
    if (view.plots) render();
  };
  document.getElementById("where").textContent = jobName(view.job);
  document.title = `attend · ${jobName(view.job)}`;
  render();
  await loadBlocks();
  more();
  const timer = setInterval(() => view.job.state === "running" && loadBlocks().catch(() => {}), blocksEvery);
  signal.addEventListener("abort", () => clearInterval(timer));
  await follow(`/v1/jobs/${id}/events`, (name, data) => {
    if (name !== "job") return;
    const ended = view.job.state !== data.state;
    view.job = data;
    render();
    if (ended) loadBlocks().then(more).catch(() => {});
  }, linkState, signal);
}

function page(view, act) {
  const { job, blocks } = view;
  const hasBlocks = blocks?.blocks?.length > 0;
  return [
    h("nav", { class: "crumbs", "aria-label": "Where this is" }, h("a", { href: "#/", "data-focus": "up" }, "Overview"), " / ", jobName(job)),
    h("section", { class: "card jobhead" },
      h("div", { class: "headline" }, h("h1", {}, jobName(job)), h("span", { class: `state ${job.state}` }, job.state), h("small", {}, job.id), actions(job, act)),
      h("span", { class: "bar large", role: "progressbar", "aria-label": "Progress", "aria-valuenow": Math.floor(job.done * 100), "aria-valuemin": 0, "aria-valuemax": 100 },
        h("i", { class: job.state, style: { width: `${job.done * 100}%` } })),
      view.said && h("p", { class: "error", role: "alert" }, view.said),
      job.error && h("p", { class: "error" }, job.error),
      job.waitsFor && h("p", { class: "quiet" }, job.waitsFor),
      h("dl", { class: "numbers" },
        number("done", progress(job.done), job.phase ?? (blocksDone(job) && "blocks done, finishing")),
        number("left", job.state === "running" ? seconds(job.secondsLeft) : "–"),
        number("computing", seconds(job.seconds), job.starts > 1 && `${job.starts} starts`),
        number("rate", job.state === "running" ? rate(job.rate) : rate(job.seconds > 0 ? job.flops / job.seconds : 0), job.state !== "running" && "on average"),
        number("tiles", count(job.tilesDone), `of ${count(job.tiles)}`),
        number("pairs", count(job.pairsSeen)),
        number("blocks", job.blocksFinished, `of ${job.blocks}`),
        number("memory", bytes(job.memoryBytes), "on each silo"),
        number("computed again", percent(job.redone, 1), job.attemptsLost ? `${job.attemptsLost} attempts lost` : "nothing lost", job.attemptsLost > 0))),
    hasBlocks && h("div", { class: "pair even" },
      h("section", { class: "card ringcard", "aria-labelledby": "ring" }, h("h2", { id: "ring" }, "Ring"), ringOf(job, blocks)),
      h("section", { class: "card", "aria-labelledby": "plan" }, h("h2", { id: "plan" }, "Plan"), planView(blocks.plan))),
    hasBlocks && h("section", { class: "card", "aria-labelledby": "timeline" }, h("h2", { id: "timeline" }, "What each block did"), timeline(blocks)),
    blocks?.losses?.length > 0 && losses(blocks),
    view.plots?.length > 0 && h("section", { class: "card", "aria-labelledby": "analytics" }, h("h2", { id: "analytics" }, "What the weights tell"), h("div", { class: "plots" }, view.plots)),
    job.silos?.length > 0 && parts(job),
    h("section", { class: "card", "aria-labelledby": "more" }, h("h2", { id: "more" }, "More"), links(job), history(job)),
  ];
}

// Then the second pass over the weights and the files are left.
const blocksDone = job => job.state === "running" && job.blocks > 0 && job.blocksFinished === job.blocks;

const number = (name, value, more, warn) => h("div", { class: warn ? "warn" : null }, h("dt", {}, name), h("dd", {}, value, more && h("small", {}, more)));

function actions(job, act) {
  const may = { running: ["pause", "cancel"], waiting: ["pause", "cancel"], paused: ["resume", "cancel"] }[job.state] ?? [];
  return h("span", { class: "actions" }, may.map(what => h("button", { type: "button", class: what, "data-focus": what, onclick: () => act(what) }, what)));
}

const losses = blocks => h("section", { class: "card", "aria-labelledby": "losses" },
  h("h2", { id: "losses" }, "What was lost, and what it cost"),
  h("div", { class: "scroll" }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, ["at", "block", "silo", "why", "computed again"].map(text => h("th", { scope: "col" }, text)))),
    h("tbody", {}, blocks.losses.map(loss => h("tr", {},
      h("td", {}, seconds(loss.at)), h("td", {}, loss.block), h("td", { class: "silo" }, h("i", { class: "dot", style: { background: colourOf(loss.silo) } }), siloName(loss.silo)),
      h("td", {}, loss.reason), h("td", {}, loss.redone === undefined || loss.redone === null ? "not known yet" : `${percent(loss.redone, 2)} of the job`)))))));

const parts = job => h("section", { class: "card", "aria-labelledby": "parts" },
  h("h2", { id: "parts" }, "Who computed it"),
  h("div", { class: "scroll" }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, ["silo", "blocks finished", "running", "waiting for keys"].map(text => h("th", { scope: "col" }, text)))),
    h("tbody", {}, job.silos.map(silo => h("tr", { class: silo.alive ? null : "gone" },
      h("td", {}, h("i", { class: "dot", style: { background: colourOf(silo.silo) } }), siloName(silo.silo), !silo.alive && h("small", {}, " lost")),
      h("td", {}, silo.finished), h("td", {}, silo.running), h("td", {}, percent(silo.waiting, 1))))))));

function links(job) {
  const has = job.state === "finished";
  return h("ul", { class: "links" },
    has && job.kind !== "document" && h("li", {}, h("a", { href: `/atlas/${job.id}`, "data-focus": "atlas" }, "Atlas of the attention matrix")),
    (job.files ?? []).map(file => h("li", {}, h("button", { type: "button", class: "plain text", "data-focus": file.name, onclick: () => download(`/v1/jobs/${job.id}/files/${encodeURIComponent(file.name)}`, file.name) }, file.name), h("small", {}, ` ${bytes(file.bytes)}`))),
    h("li", {}, h("button", { type: "button", class: "plain text", "data-focus": "specification", onclick: () => download(`/v1/jobs/${job.id}/specification`, "job.json") }, "Specification")));
}

const history = job => (job.history ?? []).length > 0 && h("ol", { class: "history" }, job.history.map(change =>
  h("li", {}, h("span", { class: `state ${change.state}` }, change.state), " ", h("time", { datetime: change.at, title: change.at }, change.at ? ago(change.at) : ""), change.why && ` – ${change.why}`)));
