import { ask } from './ask.js';

// Tiles of numbers: fetched nearest to the middle first, kept as long as there is room, given up when out of view.

const AT_ONCE = 6;
const MOST_KEPT = 240;

export class Tiles {
  constructor(base, about, changed) {
    Object.assign(this, { base, about, changed, tiles: new Map(), under: new Map(), wanted: [] });
  }

  across(level) { return Math.ceil(this.about.keys / (this.about.tile * 2 ** level)); }
  down(level) { return Math.ceil(this.about.rows / (this.about.tile * 2 ** level)); }

  get(address) {
    const tile = this.tiles.get(address);
    if (tile) {
      this.tiles.delete(address);
      this.tiles.set(address, tile);
    }
    return tile;
  }

  /** Says what is in view now, in the order in which it is wanted. */
  want(addresses) {
    this.wanted = addresses.filter((address) => !this.tiles.has(address) && !this.under.has(address));
    const inView = new Set(addresses);
    for (const [address, stop] of this.under) {
      if (!inView.has(address)) stop.abort();
    }
    this.pump();
  }

  get idle() { return this.under.size === 0 && this.wanted.length === 0; }

  pump() {
    while (this.under.size < AT_ONCE && this.wanted.length > 0) this.fetch(this.wanted.shift());
  }

  async fetch(address) {
    const stop = new AbortController();
    this.under.set(address, stop);
    try {
      const [plane, pool, level, x, y] = address.split('/');
      const response = await ask(`${this.base}/tiles/${plane}/${level}/${x}/${y}.f32?pool=${pool}`, stop.signal);
      const values = new Float32Array(await response.arrayBuffer());
      this.tiles.set(address, { values, picture: null, colours: '' });
      while (this.tiles.size > MOST_KEPT) this.tiles.delete(this.tiles.keys().next().value);
    } catch (error) {
      if (error.name !== 'AbortError') this.changed(error);
    } finally {
      this.under.delete(address);
      this.pump();
      this.changed();
    }
  }
}
