// From weights to colours: the server's own table, over a range that is taken from what is in view, or kept.

const GROUND = 0.25;
const MOST_DECADES = 6;

export class Colours {
  constructor(table) {
    this.table = new Uint32Array(table.map(([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r));
    this.css = table.map(([r, g, b]) => `rgb(${r},${g},${b})`);
    Object.assign(this, { scale: 'log', low: 1e-6, high: 1, fixed: false });
  }

  get version() { return `${this.scale} ${this.low} ${this.high}`; }

  position(value) {
    if (!(value > 0)) return 0;
    const share = this.scale === 'log'
      ? (Math.log10(value) - Math.log10(this.low)) / (Math.log10(this.high) - Math.log10(this.low))
      : (value - this.low) / (this.high - this.low);
    return Math.max(0, Math.min(1, share));
  }

  /** Takes the range from values, so that the quarter that is ground is dark and the largest is light. */
  fit(samples) {
    const positive = samples.filter((value) => value > 0 && Number.isFinite(value)).sort((a, b) => a - b);
    if (positive.length === 0) return false;
    const most = positive[positive.length - 1];
    const before = this.version;
    if (this.scale === 'log') {
      this.high = 10 ** (Math.ceil(Math.log10(most) * 4) / 4);
      const ground = positive[Math.floor(positive.length * GROUND)];
      this.low = Math.min(this.high / 10, Math.max(this.high / 10 ** MOST_DECADES, 10 ** (Math.floor(Math.log10(ground) * 4) / 4)));
    } else {
      this.low = 0;
      this.high = Number(most.toPrecision(2)) || most;
    }
    return this.version !== before;
  }

  /** The picture of a tile's values, a pixel to a cell. */
  picture(values, size) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size;
    const context = canvas.getContext('2d');
    const image = context.createImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer);
    const shades = this.table.length - 1, log = this.scale === 'log';
    const low = log ? Math.log(this.low) : this.low, factor = shades / ((log ? Math.log(this.high) : this.high) - low);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      let shade = 0;
      if (value > 0) shade = Math.round(((log ? Math.log(value) : value) - low) * factor);
      pixels[i] = Number.isNaN(value) ? 0xff00c8ff : this.table[shade < 0 ? 0 : shade > shades ? shades : shade];
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  drawLegend(canvas, ink) {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    for (let x = 0; x < width; x++) {
      context.fillStyle = this.css[Math.round((x / (width - 1)) * (this.css.length - 1))];
      context.fillRect(x, 0, 1.5, 14);
    }
    context.fillStyle = ink;
    context.font = '11px system-ui, sans-serif';
    for (const value of this.ticks()) {
      const text = weightText(value), x = this.position(value) * width;
      const wide = context.measureText(text).width;
      context.fillRect(Math.min(width - 1, x), 14, 1, 4);
      context.fillText(text, Math.max(0, Math.min(width - wide, x - wide / 2)), 30);
    }
  }

  ticks() {
    if (this.scale !== 'log') return [this.low, (this.low + this.high) / 2, this.high];
    const ticks = [];
    const decades = Math.log10(this.high) - Math.log10(this.low);
    for (let power = Math.ceil(Math.log10(this.low) - 1e-9); power <= Math.log10(this.high) + 1e-9; power += Math.max(1, Math.ceil(decades / 5))) ticks.push(10 ** power);
    return ticks.length > 0 ? ticks : [this.low, this.high];
  }
}

/** A weight, to so many significant digits. */
export function weightText(value, digits = 3) {
  if (value === 0) return '0';
  if (value === null || Number.isNaN(value)) return 'NaN';
  if (value < 0.001) return value.toExponential(Math.min(1, digits - 1)).replace('.0e', 'e').replace('e-', 'e−');
  // A weight just below 1 is not 1.
  const text = String(Number(value.toPrecision(digits)));
  return text === '1' && value < 1 ? `1−${(1 - value).toExponential(0).replace('e-', 'e−')}` : text;
}
