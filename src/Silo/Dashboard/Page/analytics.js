import { range } from "./api.js";
import { h, s } from "./dom.js";
import { count } from "./format.js";

const longestHeader = 4 << 20, longestTensor = 8 << 20;

/** Plots of the analytics in a job's result, if there are any: read by range, so that the output itself is not. */
export async function analyticsOf(job, signal) {
  const file = (job.files ?? []).find(each => each.name.endsWith(".safetensors"));
  if (!file || job.kind === "document") return [];
  try {
    const path = `/v1/jobs/${job.id}/files/${encodeURIComponent(file.name)}`;
    const length = Number(new DataView(await range(path, 0, 7, signal)).getBigUint64(0, true));
    if (length > longestHeader) return [];
    const header = JSON.parse(new TextDecoder().decode(await range(path, 8, 7 + length, signal)));
    const read = async name => {
      const tensor = header[name];
      if (tensor?.dtype !== "F32") return null;
      const [first, end] = tensor.data_offsets;
      // Of many heads the first is shown.
      const part = tensor.shape.slice(2).reduce((product, each) => product * each, 1) * 4;
      if (part > longestTensor || part > end - first) return null;
      return { shape: tensor.shape.slice(2), numbers: new Float32Array(await range(path, 8 + length + first, 8 + length + first + part - 1, signal)) };
    };
    const [distances, entropy, received, pooled] = await Promise.all(["distance_mass", "row_entropy", "received", "pooled_mean"].map(read));
    return [
      pooled && plot("Mean weight", "queries downwards, keys to the right; logarithmic", heat(pooled)),
      distances && plot("Attention by distance", "share of all attention, by the distance in keys", bars(distances), legend()),
      entropy && plot("Entropy of rows", "nats, from the first row to the last", line(entropy, "row")),
      received && plot("Attention received by keys", "sum of the weights, from the first key to the last", line(received, "key")),
    ].filter(Boolean);
  } catch (error) {
    if (signal.aborted) return [];
    return [h("p", { class: "quiet" }, `The analytics cannot be read: ${error.message}`)];
  }
}

const plot = (title, what, ...pictures) => h("figure", {}, h("figcaption", {}, h("b", {}, title), h("small", {}, what)), pictures);

const legend = () => h("ul", { class: "legend" }, [["behind", "keys behind the position"], ["ahead", "keys ahead of it"]].map(([side, text]) => h("li", {}, h("i", { class: side }), text)));

function heat({ shape: [rows, keys], numbers }) {
  const canvas = h("canvas", { width: keys, height: rows, role: "img", "aria-label": `Heat map of ${rows} by ${keys} cells` });
  const context = canvas.getContext("2d"), image = context.createImageData(keys, rows);
  const top = Math.log(numbers.reduce((most, each) => Math.max(most, each), 1e-30)), depth = 12;
  numbers.forEach((weight, i) => {
    const level = weight > 0 ? Math.max(0, 1 - (top - Math.log(weight)) / depth) : 0;
    image.data.set([Math.round(20 + 235 * level ** 1.5), Math.round(22 + 190 * level ** 1.2), Math.round(52 + 90 * Math.sin(level * Math.PI)), 255], i * 4);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function bars({ shape: [, bins], numbers }) {
  const width = 360, height = 150, all = numbers.reduce((sum, each) => sum + each, 0) || 1, most = Math.max(...numbers) / all;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": "Attention by distance", class: "plot" });
  for (let side = 0; side < 2; side++) {
    for (let bin = 0; bin < bins; bin++) {
      const share = numbers[side * bins + bin] / all, high = share / most * (height - 8);
      svg.append(s("rect", { class: side ? "ahead" : "behind", x: (bin + side * 0.42 + 0.08) * width / bins, y: height - high, width: 0.4 * width / bins, height: high },
        s("title", {}, `${bin === 0 ? "0" : `${count(2 ** (bin - 1))} to ${count(2 ** bin - 1)}`} ${side ? "ahead" : "behind"}: ${(share * 100).toFixed(2)} %`)));
    }
  }
  svg.append(s("text", { class: "tick first", x: 0, y: 10 }, `${(most * 100).toPrecision(2)} %`));
  for (let bin = 0; bin < bins; bin += Math.ceil(bins / 6)) svg.append(s("text", { class: "tick", x: (bin + 0.5) * width / bins, y: height + 13 }, bin ? count(2 ** (bin - 1)) : "0"));
  return svg;
}

function line({ numbers }, along) {
  const width = 360, height = 150, points = Math.min(width, numbers.length);
  const means = Array.from({ length: points }, (_, i) => {
    const from = Math.floor(i * numbers.length / points), to = Math.max(from + 1, Math.floor((i + 1) * numbers.length / points));
    return numbers.subarray(from, to).reduce((sum, each) => sum + each, 0) / (to - from);
  });
  const most = Math.max(...means, 1e-30);
  const path = means.map((mean, i) => `${(i * width / Math.max(1, points - 1)).toFixed(1)} ${(height - mean / most * (height - 14)).toFixed(1)}`).join("L");
  return s("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": `At most ${most.toPrecision(3)}`, class: "plot" },
    s("path", { class: "curve", d: `M${path}` }), s("text", { class: "tick first", x: 0, y: 10 }, most.toPrecision(3)),
    s("text", { class: "tick first", x: 0, y: height + 13 }, `${along} 0`), s("text", { class: "tick last", x: width, y: height + 13 }, count(numbers.length - 1)));
}
