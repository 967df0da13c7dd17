const factors = [["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]];

const three = value => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** 1234567 → "1.23 M". */
export function count(value) {
  if (value === null || value === undefined) return "–";
  const factor = factors.find(([, size]) => Math.abs(value) >= size * 0.9995);
  return factor && Math.abs(value) >= 10_000 ? `${three(value / factor[1])} ${factor[0]}` : Math.round(value).toLocaleString("en");
}

/** Operations a second. */
export function rate(value) {
  if (!value) return "–";
  const factor = factors.find(([, size]) => value >= size) ?? ["", 1];
  return `${three(value / factor[1])} ${factor[0]}FLOP/s`;
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** unit;
  return `${unit === 0 || scaled >= 100 ? scaled.toFixed(0) : scaled.toFixed(1)} ${units[unit]}`;
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 5400) return `${Math.floor(value / 60)} min ${String(Math.round(value % 60)).padStart(2, "0")} s`;
  if (value < 172_800) return `${Math.floor(value / 3600)} h ${String(Math.round(value % 3600 / 60)).padStart(2, "0")} min`;
  return `${(value / 86_400).toFixed(1)} days`;
}

export const percent = (share, digits = 0) =>
  share === null || share === undefined || Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`;

/** Progress is never rounded up to 100 %. */
export const progress = share => `${Math.floor(Math.min(share, 1) * 100)} %`;

/** A length of time in its largest unit alone. */
export function coarse(value) {
  const [size, unit] = [[86_400, "days"], [3600, "h"], [60, "min"]].find(([each]) => value >= 2 * each) ?? [1, "s"];
  return `${Math.round(value / size)} ${unit}`;
}

export function ago(time) {
  const passed = (Date.now() - new Date(time)) / 1000;
  return passed < 5 ? "just now" : `${coarse(passed)} ago`;
}

/** A silo's name without the number that tells it from an earlier one at its place. */
export const siloName = name => name.split("@")[0];

/** A job's name, or the end of its id: ids begin with the time, so those of neighbouring jobs begin alike. */
export const jobName = job => job.name || `…${job.id.slice(-8)}`;
