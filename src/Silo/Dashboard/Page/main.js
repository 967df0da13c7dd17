import { KeyNeeded, Refused, askForKey } from "./api.js";
import { h, replace } from "./dom.js";
import { home } from "./home.js";
import { jobPage } from "./job.js";

const main = document.getElementById("main");
const link = document.getElementById("link");
let leave = new AbortController();

const askAgain = 2000;
const words = { live: "live", waiting: "reconnecting", ended: "complete" };

function linkState(state) {
  link.textContent = words[state];
  link.dataset.state = state;
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const job = location.hash.match(/^#\/jobs\/([0-9a-f-]{36})$/i)?.[1];
  replace(main, h("p", { class: "quiet loading" }, "Loading …"));
  for (;;) {
    try {
      return await (job ? jobPage(main, job, linkState, signal) : home(main, linkState, signal));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof KeyNeeded) {
        await askForKey(error.message);
        continue;
      }
      linkState("waiting");
      const silent = !(error instanceof Refused);
      replace(main, h("section", { class: "card problem", role: "alert" },
        h("h1", {}, silent ? "The server does not answer" : "This cannot be shown"),
        h("p", {}, silent ? `It is asked again every ${askAgain / 1000} seconds. (${error.message})` : error.message), h("p", {}, h("a", { href: "#/" }, "To the overview"))));
      if (!silent) return;
      await new Promise(resolve => setTimeout(resolve, askAgain));
      if (signal.aborted) return;
    }
  }
}

document.getElementById("theme").addEventListener("click", () => {
  const dark = (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
});
addEventListener("hashchange", () => {
  if (!location.hash.startsWith("#/") && location.hash) return;
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
show();
