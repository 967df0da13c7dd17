// Questions to the server, with the key of this tab where the server wants one.

const STORED = 'attend-key';

async function askForKey(why) {
  const dialog = document.getElementById('key'), text = document.getElementById('key-text');
  document.getElementById('key-why').textContent = why;
  if (!dialog.open) dialog.showModal();
  await new Promise((closed) => dialog.addEventListener('close', closed, { once: true }));
  sessionStorage.setItem(STORED, text.value.trim());
  text.value = '';
}

/** The answer to a question; one that is refused is an error with the server's own sentence. */
export async function ask(path, signal) {
  for (;;) {
    const key = sessionStorage.getItem(STORED);
    const response = await fetch(path, { signal, headers: key ? { Authorization: `Bearer ${key}` } : {} });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (response.status !== 401) throw new Error(problem.detail ?? `The server answers ${response.status}.`);
    await askForKey(problem.detail ?? 'A key is needed.');
  }
}

export const askJson = async (path) => (await ask(path)).json();
