// Where the map is: the row and key in the middle, and the zoom, the logarithm to base 2 of pixels per weight.

export const MOST_ZOOM = 7;

export class View {
  constructor(rows, keys) {
    Object.assign(this, { rows, keys, row: rows / 2, key: keys / 2, zoom: 0, width: 1, height: 1 });
  }

  get scale() { return 2 ** this.zoom; }

  resize(width, height) { Object.assign(this, { width, height }); this.clamp(); }

  get leastZoom() {
    return Math.min(MOST_ZOOM, Math.log2(Math.min(this.width / this.keys, this.height / this.rows)) - 0.5);
  }

  home() {
    Object.assign(this, { row: this.rows / 2, key: this.keys / 2, zoom: this.leastZoom + 0.5 });
    this.clamp();
  }

  clamp() {
    this.zoom = Math.max(this.leastZoom, Math.min(MOST_ZOOM, this.zoom));
    this.row = Math.max(0, Math.min(this.rows, this.row));
    this.key = Math.max(0, Math.min(this.keys, this.key));
  }

  toX(key) { return (key - this.key) * this.scale + this.width / 2; }
  toY(row) { return (row - this.row) * this.scale + this.height / 2; }
  keyAt(x) { return (x - this.width / 2) / this.scale + this.key; }
  rowAt(y) { return (y - this.height / 2) / this.scale + this.row; }

  pan(dx, dy) {
    this.key -= dx / this.scale;
    this.row -= dy / this.scale;
    this.clamp();
  }

  /** Zooms so that what lies under a point stays there. */
  zoomAt(x, y, steps) {
    const key = this.keyAt(x), row = this.rowAt(y);
    this.zoom += steps;
    this.clamp();
    this.key = key - (x - this.width / 2) / this.scale;
    this.row = row - (y - this.height / 2) / this.scale;
    this.clamp();
  }

  /** The rows and keys in view, whole ones within the matrix. */
  get visible() {
    const inside = (at, end) => Math.max(0, Math.min(end, at));
    return {
      rows: [inside(Math.floor(this.rowAt(0)), this.rows), inside(Math.ceil(this.rowAt(this.height)), this.rows)],
      keys: [inside(Math.floor(this.keyAt(0)), this.keys), inside(Math.ceil(this.keyAt(this.width)), this.keys)],
    };
  }

  /** The level whose cells are drawn at 1 to 2 pixels, or the weights themselves. */
  level(levels) { return Math.max(0, Math.min(levels - 1, Math.ceil(-this.zoom))); }
}
