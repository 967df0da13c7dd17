// The atlas of one job: a map of its attention matrix.

import { askJson } from './ask.js';
import { drawAxes, drawFigures, LEFT, TOP } from './axes.js';
import { Colours } from './colours.js';
import { listen } from './input.js';
import { Passages, showAbout, showCursor, showFound } from './panel.js';
import { Tiles } from './tiles.js';
import { View } from './view.js';

const $ = (id) => document.getElementById(id);
const base = location.pathname.replace(/\/$/, '');
const SETTLED = 160;

let about, view, tiles, colours, passages, cursor = null, marks = [], frame = 0, settling = 0;
const choice = { plane: '', pool: 'max' };

function trouble(error) {
  $('trouble').hidden = !error;
  $('trouble').textContent = error ? String(error.message ?? error) : '';
}

async function open() {
  for (;;) {
    const body = await askJson(`${base}/about`);
    if (body.state === 'ready') return body;
    $('opening').hidden = false;
    $('opening').querySelector('progress').value = body.done;
    await new Promise((later) => setTimeout(later, 300));
  }
}

const planeName = (plane) => {
  const [batch, heads] = plane.split('.');
  const name = heads === 'mean' ? 'mean of heads' : heads === 'max' ? 'largest of heads' : `head ${heads}`;
  return about.batch > 1 ? `batch ${batch}, ${name}` : name;
};

// The address reproduces the view.

function writeAddress() {
  const parts = new URLSearchParams({
    heads: choice.plane, cells: choice.pool, colours: colours.scale, row: view.row.toFixed(2), key: view.key.toFixed(2), zoom: view.zoom.toFixed(3),
  });
  if (colours.fixed) parts.set('range', `${colours.low},${colours.high}`);
  history.replaceState(null, '', `#${parts}`);
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const number = (name, otherwise) => (Number.isFinite(Number.parseFloat(parts.get(name))) ? Number.parseFloat(parts.get(name)) : otherwise);
  if (about.planes.includes(parts.get('heads'))) choice.plane = parts.get('heads');
  if (['mean', 'max'].includes(parts.get('cells'))) choice.pool = parts.get('cells');
  if (['log', 'linear'].includes(parts.get('colours'))) colours.scale = parts.get('colours');
  const [low, high] = (parts.get('range') ?? '').split(',').map(Number);
  if (low >= 0 && high > low && (low > 0 || colours.scale === 'linear')) Object.assign(colours, { low, high, fixed: true });
  if (parts.has('zoom')) {
    view.zoom = number('zoom', view.zoom);
    view.row = number('row', view.row);
    view.key = number('key', view.key);
    view.clamp();
  }
}

function showChoice() {
  $('plane').value = choice.plane;
  $('pool').value = choice.pool;
  $('scale').value = colours.scale;
  $('fixed').checked = colours.fixed;
}

// Drawing.

const address = (level, x, y) => `${choice.plane}/${choice.pool}/${level}/${x}/${y}`;

function tilesInView(level) {
  const span = about.tile * 2 ** level, { rows, keys } = view.visible, found = [];
  for (let y = Math.floor(rows[0] / span); y <= Math.floor((rows[1] - 1) / span); y++) {
    for (let x = Math.floor(keys[0] / span); x <= Math.floor((keys[1] - 1) / span); x++) {
      found.push({ level, x, y, far: Math.hypot((x + 0.5) * span - view.key, (y + 0.5) * span - view.row) });
    }
  }
  return found.sort((a, b) => a.far - b.far);
}

/** The tile, or the part of one above it that covers its place. */
function nearestAbove({ level, x, y }) {
  for (let up = 0; level + up < about.levels; up++) {
    const tile = tiles.get(address(level + up, x >> up, y >> up));
    if (tile) return { tile, up, part: about.tile / 2 ** up, left: (x % 2 ** up) * (about.tile / 2 ** up), top: (y % 2 ** up) * (about.tile / 2 ** up) };
  }
  return null;
}

function picture(tile) {
  if (tile.colours !== colours.version) {
    tile.picture = colours.picture(tile.values, about.tile);
    tile.colours = colours.version;
  }
  return tile.picture;
}

function draw() {
  frame = 0;
  const css = getComputedStyle(document.documentElement), canvas = $('canvas'), ratio = devicePixelRatio || 1;
  const style = Object.fromEntries(['panel', 'line', 'quiet', 'ink', 'accent', 'ground'].map((name) => [name, css.getPropertyValue(`--${name}`)]));
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, LEFT * ratio, TOP * ratio);
  context.fillStyle = style.ground;
  context.fillRect(-LEFT, -TOP, view.width + LEFT, view.height + TOP);
  context.save();
  context.beginPath();
  context.rect(Math.max(0, view.toX(0)), Math.max(0, view.toY(0)), view.toX(view.keys) - Math.max(0, view.toX(0)), view.toY(view.rows) - Math.max(0, view.toY(0)));
  context.clip();
  context.imageSmoothingEnabled = false;
  context.fillStyle = colours.css[0];
  context.fillRect(0, 0, view.width, view.height);
  const level = view.level(about.levels), span = about.tile * 2 ** level, inView = tilesInView(level);
  for (const place of inView) {
    const found = nearestAbove(place);
    if (!found || found.part < 1) continue;
    const x = Math.floor(view.toX(place.x * span)), y = Math.floor(view.toY(place.y * span));
    const right = Math.floor(view.toX((place.x + 1) * span)), bottom = Math.floor(view.toY((place.y + 1) * span));
    context.drawImage(picture(found.tile), found.left, found.top, found.part, found.part, x, y, right - x, bottom - y);
  }
  if (level === 0) drawFigures(context, view, (row, key) => valueAt(row, key, 0), (value) => colours.position(value) > 0.6);
  drawMarks(context, style);
  context.restore();
  drawAxes(context, view, style, cursor && cursor.x >= 0 && cursor.y >= 0 ? cursor : null);
  colours.drawLegend($('legend'), style.quiet);
  tiles.want([...inView, ...(inView.length > 0 ? [{ level: about.levels - 1, x: 0, y: 0 }] : [])].map(({ level: of, x, y }) => address(of, x, y)));
  showPoint(level);
}

function drawMarks(context, style) {
  context.lineWidth = 2;
  for (const mark of marks) {
    const size = Math.max(7, view.scale / 2 + 2);
    context.strokeStyle = '#38e1d2';
    context.strokeRect(view.toX(mark.key + 0.5) - size, view.toY(mark.row + 0.5) - size, 2 * size, 2 * size);
  }
  context.lineWidth = 1;
}

function valueAt(row, key, level) {
  const [cellRow, cellKey] = [Math.floor(row / 2 ** level), Math.floor(key / 2 ** level)];
  const tile = tiles.get(address(level, Math.floor(cellKey / about.tile), Math.floor(cellRow / about.tile)));
  return tile?.values[(cellRow % about.tile) * about.tile + (cellKey % about.tile)];
}

function showPoint(level) {
  if (!cursor) return;
  const row = Math.floor(view.rowAt(cursor.y)), key = Math.floor(view.keyAt(cursor.x)), size = 2 ** level;
  if (row < 0 || key < 0 || row >= about.rows || key >= about.keys) return;
  showCursor($('cursor'), about, passages, {
    value: valueAt(row, key, level), pool: choice.pool, size, row: Math.floor(row / size) * size, key: Math.floor(key / size) * size, pointRow: row, pointKey: key,
  });
}

function redraw() {
  frame ||= requestAnimationFrame(draw);
}

function changed() {
  redraw();
  clearTimeout(settling);
  settling = setTimeout(settle, SETTLED);
}

/** When the view rests: the colours are fitted to it, unless they are to stay, and the address is written. */
function settle() {
  if (!colours.fixed && tiles.idle) {
    const level = view.level(about.levels), size = 2 ** level, { rows, keys } = view.visible, samples = [];
    const step = (range) => Math.max(size, (range[1] - range[0]) / 400);
    for (let row = rows[0]; row < rows[1]; row += step(rows)) {
      for (let key = keys[0]; key < keys[1]; key += step(keys)) {
        const value = valueAt(Math.floor(row), Math.floor(key), level);
        if (value > 0) samples.push(value);
      }
    }
    if (colours.fit(samples)) redraw();
  }
  writeAddress();
}

function resize() {
  const canvas = $('canvas'), ratio = devicePixelRatio || 1, { clientWidth, clientHeight } = $('map');
  canvas.width = clientWidth * ratio;
  canvas.height = clientHeight * ratio;
  view.resize(clientWidth - LEFT, clientHeight - TOP);
  changed();
}

// Actions.

async function findStrongest() {
  const { rows, keys } = view.visible;
  const ask = new URLSearchParams({ plane: choice.plane, rows: rows.join(':'), keys: keys.join(':'), count: 30 });
  const found = await askJson(`${base}/strongest?${ask}`);
  marks = found;
  showFound($('found'), found, (link) => {
    Object.assign(view, { row: link.row + 0.5, key: link.key + 0.5, zoom: Math.max(view.zoom, 5.6) });
    view.clamp();
    cursor = { x: view.width / 2, y: view.height / 2 };
    changed();
  });
  redraw();
}

function choose(change) {
  change();
  showChoice();
  changed();
}

const nextPlane = (by) => choose(() => {
  const planes = about.planes;
  choice.plane = planes[(planes.indexOf(choice.plane) + by + planes.length) % planes.length];
});

function start() {
  document.title = `${about.name} – attention atlas`;
  $('name').textContent = about.name;
  $('plane').replaceChildren(...about.planes.map((plane) => new Option(planeName(plane), plane)));
  choice.plane = about.planes[0];
  colours = new Colours(about.colours);
  view = new View(about.rows, about.keys);
  tiles = new Tiles(base, about, (error) => { trouble(error); changed(); });
  passages = new Passages(base, about.passages, (error) => { trouble(error); redraw(); });
  showAbout($('about'), about);
  resize();
  view.home();
  readAddress();
  showChoice();
  new ResizeObserver(resize).observe($('map'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  addEventListener('hashchange', () => { readAddress(); showChoice(); changed(); });
  $('plane').addEventListener('change', () => choose(() => { choice.plane = $('plane').value; }));
  $('pool').addEventListener('change', () => choose(() => { choice.pool = $('pool').value; }));
  $('scale').addEventListener('change', () => choose(() => { colours.scale = $('scale').value; colours.fixed = false; }));
  $('fixed').addEventListener('change', () => choose(() => { colours.fixed = $('fixed').checked; }));
  const strongest = () => { findStrongest().catch(trouble); };
  const middle = (steps) => () => { view.zoomAt(view.width / 2, view.height / 2, steps); changed(); };
  $('in').addEventListener('click', middle(1));
  $('out').addEventListener('click', middle(-1));
  $('home').addEventListener('click', () => { view.home(); changed(); });
  $('strongest').addEventListener('click', strongest);
  $('help').addEventListener('click', () => $('keys').showModal());
  listen($('map'), view, {
    left: LEFT, top: TOP, moved: changed, point: (at) => { cursor = at; redraw(); },
    keys: {
      s: strongest, h: () => nextPlane(1), H: () => nextPlane(-1),
      m: () => choose(() => { choice.pool = choice.pool === 'max' ? 'mean' : 'max'; }),
      l: () => choose(() => { colours.scale = colours.scale === 'log' ? 'linear' : 'log'; colours.fixed = false; }),
      f: () => choose(() => { colours.fixed = !colours.fixed; }), '?': () => $('keys').showModal(),
    },
  });
}

try {
  about = await open();
  $('opening').hidden = true;
  start();
} catch (error) {
  $('opening').hidden = true;
  trouble(error);
}
