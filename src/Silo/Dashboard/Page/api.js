const storedKey = "attend-key";

const headers = () => {
  const key = sessionStorage.getItem(storedKey);
  return key ? { Authorization: `Bearer ${key}` } : {};
};

/** The server wants a key, or a better one. */
export class KeyNeeded extends Error {}

/** The server has answered, and not with what was asked for. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The dialog's answer is kept in this tab alone. */
export function askForKey(why) {
  const dialog = document.getElementById("key");
  document.getElementById("key-why").textContent = why;
  if (!dialog.open) dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => {
    const text = document.getElementById("key-text");
    sessionStorage.setItem(storedKey, text.value.trim());
    text.value = "";
    resolve();
  }, { once: true }));
}

async function ask(path, more) {
  const answer = await fetch(path, { cache: "no-store", ...more, headers: { ...headers(), ...more?.headers } });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) throw new KeyNeeded(problem.detail ?? "There is no key.");
  throw new Refused(answer.status, problem.detail ?? problem.title ?? `The server answers ${answer.status}.`);
}

export const get = async (path, signal) => (await ask(path, { signal })).json();

export const post = async path => (await ask(path, { method: "POST" })).json();

/** Bytes first to last of a file. */
export const range = async (path, first, last, signal) =>
  (await ask(path, { signal, headers: { Range: `bytes=${first}-${last}` } })).arrayBuffer();

/** A file with a key cannot be had by a link alone. */
export async function download(path, name) {
  const url = URL.createObjectURL(await (await ask(path)).blob());
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Server-sent events, over fetch because EventSource cannot carry a key. A stream that breaks is asked for again, until the
 * server says that there is no more (204), or the signal ends it.
 * @param on called with the event's name and data
 * @param state told "live", "waiting" or "ended"
 */
export async function follow(path, on, state, signal) {
  let last = null;
  let pause = 500;
  while (!signal.aborted) {
    try {
      const answer = await ask(path, { signal, headers: { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) } });
      if (answer.status === 204) return state("ended");
      state("live");
      pause = 500;
      await read(answer.body, (name, data, id) => {
        last = id ?? last;
        on(name, JSON.parse(data));
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof KeyNeeded) await askForKey(error.message);
      else if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error;
    }
    if (signal.aborted) return;
    state("waiting");
    await new Promise(resolve => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 8000);
  }
}

async function read(body, on) {
  const lines = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", name = "message", data = [], id = null;
  for (;;) {
    const { done, value } = await lines.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const line of parts) {
      if (line === "") {
        if (data.length) on(name, data.join("\n"), id);
        [name, data] = ["message", []];
      } else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      else if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("id:")) id = line.slice(3).trim();
    }
  }
}
