// The axes along the top (keys) and the left (rows), with round numbers, and the weights themselves when there is room.

import { weightText } from './colours.js';

export const LEFT = 64, TOP = 26;

const STEPS = [1, 2, 5];
const FIGURES_FROM = 5.2;

function step(atLeast) {
  for (let power = 1; ; power *= 10) {
    for (const digit of STEPS) if (digit * power >= atLeast) return digit * power;
  }
}

export function drawAxes(context, view, style, cursor) {
  context.fillStyle = style.panel;
  context.fillRect(-LEFT, -TOP, view.width + LEFT, TOP);
  context.fillRect(-LEFT, -TOP, LEFT, view.height + TOP);
  context.strokeStyle = style.line;
  context.beginPath();
  context.moveTo(-LEFT, -0.5);
  context.lineTo(view.width, -0.5);
  context.moveTo(-0.5, -TOP);
  context.lineTo(-0.5, view.height);
  context.stroke();
  context.font = '11px system-ui, sans-serif';
  context.fillStyle = style.quiet;
  context.textBaseline = 'alphabetic';
  const { rows, keys } = view.visible, middle = view.scale / 2 > 3 ? 0.5 : 0;
  context.textAlign = 'center';
  for (let key = Math.ceil(keys[0] / step(80 / view.scale)) * step(80 / view.scale); key < keys[1]; key += step(80 / view.scale)) {
    const x = view.toX(key + middle);
    if (x < 14 || x > view.width - 10) continue;
    context.fillRect(x, -5, 1, 5);
    context.fillText(key.toLocaleString('en'), x, -9);
  }
  context.textAlign = 'right';
  for (let row = Math.ceil(rows[0] / step(36 / view.scale)) * step(36 / view.scale); row < rows[1]; row += step(36 / view.scale)) {
    const y = view.toY(row + middle);
    if (y < 6 || y > view.height - 6) continue;
    context.fillRect(-5, y, 5, 1);
    context.fillText(row.toLocaleString('en'), -9, y + 4);
  }
  context.textAlign = 'left';
  context.fillStyle = style.ink;
  context.fillText('row \\ key', -LEFT + 6, -9);
  if (cursor) {
    context.fillStyle = style.accent;
    context.fillRect(cursor.x, -TOP, 1, TOP);
    context.fillRect(-LEFT, cursor.y, LEFT, 1);
  }
}

/** Writes the weights into their cells. */
export function drawFigures(context, view, valueAt, isLight) {
  if (view.zoom < FIGURES_FROM) return;
  const { rows, keys } = view.visible;
  context.font = '11px ui-monospace, monospace';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let key = keys[0]; key < keys[1]; key++) {
      const value = valueAt(row, key);
      if (value === undefined) continue;
      context.fillStyle = isLight(value) ? '#16101f' : '#f4eefc';
      context.fillText(weightText(value, 2), view.toX(key + 0.5), view.toY(row + 0.5));
    }
  }
}
