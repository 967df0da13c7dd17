// What stands beside the map: the weight under the cursor, the passages it joins, the strongest in view.

import { askJson } from './ask.js';
import { weightText } from './colours.js';

const PAGE = 64;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function facts(pairs) {
  const list = element('dl', undefined, 'facts');
  for (const [name, value] of pairs) list.append(element('dt', name), element('dd', value));
  return list;
}

const number = (value) => value.toLocaleString('en');
const range = (first, count, all) => count === 1 ? number(first) : `${number(first)} – ${number(Math.min(all, first + count) - 1)}`;

/** Passages, fetched some at a time. */
export class Passages {
  constructor(base, there, changed) { Object.assign(this, { base, there, changed, pages: new Map() }); }

  get(index) {
    if (!this.there) return undefined;
    const page = Math.floor(index / PAGE);
    const have = this.pages.get(page);
    if (Array.isArray(have)) return have[index % PAGE];
    if (!have) {
      this.pages.set(page, 'asked');
      askJson(`${this.base}/passages?first=${page * PAGE}&count=${PAGE}`)
        .then((texts) => { this.pages.set(page, texts); this.changed(); })
        .catch((error) => { this.pages.delete(page); this.changed(error); });
    }
    return undefined;
  }
}

export function showCursor(panel, about, passages, at) {
  if (!at) return;
  const cells = [element('p', at.value === undefined ? '…' : weightText(at.value, 5), 'weight')];
  const what = at.size === 1 ? 'weight' : `${at.pool === 'max' ? 'largest' : 'mean'} of ${number(at.size)} × ${number(at.size)} weights`;
  cells.push(element('p', what, 'quiet'));
  cells.push(facts([
    ['row', range(at.row, at.size, about.rows)], ['key', range(at.key, at.size, about.keys)],
    [at.row >= at.key ? 'back by' : 'ahead by', number(Math.abs(at.row - at.key))],
  ]));
  const [from, to] = [passages.get(at.pointRow), passages.get(at.pointKey)];
  for (const [passage, index, kind] of [[from, at.pointRow, 'row'], [to, at.pointKey, 'key']]) {
    if (!passage) continue;
    cells.push(element('p', `${kind} ${number(index)}, line ${number(passage.line)}`, 'quiet'), element('blockquote', passage.text, kind));
  }
  panel.replaceChildren(...cells);
}

export function showFound(section, found, go) {
  section.hidden = false;
  const items = found.map((link, index) => {
    const button = element('button');
    button.type = 'button';
    button.append(element('b', `${weightText(link.weight)}  `), `${number(link.row)} → ${number(link.key)}`);
    if (link.rowText) button.append(element('span', link.rowText), element('span', link.keyText));
    button.addEventListener('click', () => go(link, index));
    const item = element('li');
    item.append(button);
    return item;
  });
  section.querySelector('ol').replaceChildren(...(items.length > 0 ? items : [element('li', 'No weight above 0 is in view.', 'quiet')]));
}

export function showAbout(section, about) {
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  section.replaceChildren(facts([
    ['matrix', `${number(about.rows)} × ${number(about.keys)}`],
    ['heads', number(about.heads) + (about.batch > 1 ? ` × ${number(about.batch)} batch entries` : '')],
    ['masks', about.masks], ['scores', about.scores],
    ['overview', `from ${number(2 ** about.overview)} × ${number(2 ** about.overview)} on, ${mebibytes(about.bytes.overview)}`],
  ]));
}
