// Curves over epochs, drawn as SVG at the width there is; a pointer or the arrow keys read them out.
// Axes run from left to right in every language.
const SVG = "http://www.w3.org/2000/svg";
const drawn = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// Bounds that are multiples of a step of 1, 2 or 5 times a power of ten.
const niceTicks = (low, high, wanted) => {
  if (high - low < 1e-12) [low, high] = [low - (Math.abs(low) * 0.05 || 0.5), high + (Math.abs(high) * 0.05 || 0.5)];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return { values: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), decimals };
};

// The mean of what is around each point, over a twentieth of the curve.
const smoothed = (values) => {
  const reach = Math.round(values.length / 40);
  return values.map((value, i) => {
    if (!isNumber(value)) return null;
    const around = values.slice(Math.max(0, i - reach), i + reach + 1).filter(isNumber);
    return around.reduce((sum, v) => sum + v, 0) / around.length;
  });
};

// Three significant digits: learning rates are small, throughputs are not.
const readable = (value, decimals) => {
  if (!isNumber(value)) return "–";
  if (decimals !== undefined || value === 0) return formatted(value, decimals);
  const places = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return localised(value.toFixed(places).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""));
};

// One panel that stays in the page and is drawn again with `show`.
// What it shows: { series: [{ name, label, xs, ys }], most: epochs on the axis, zero: from zero, smooth, levels:
// [{ label, value }] drawn across, marks: epochs, decimals }.
const panel = (title, note) => {
  const legend = element("ul", { class: "legend" });
  const at = element("span", { class: "at n" });
  const picture = drawn("svg", { class: "chart curve", tabindex: 0, role: "slider", "aria-label": title });
  const figure = element("figure", { class: "plot-card" },
    element("figcaption", {}, element("span", {}, title), at), legend, picture, note ? element("p", { class: "caption" }, note) : "");
  let shown = null;
  let place = null; // index into `stops` where the reader is, null for the newest
  let stops = [];
  let scale = null;

  const nearest = (xs, x) => xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);

  const readOut = () => {
    const x = stops[place ?? stops.length - 1];
    at.textContent = x === undefined ? "" : text("at_epoch", { n: formatted(x, Number.isInteger(x) ? 0 : 1) });
    const told = shown.series.map((series, i) => {
      const value = (series.soft || series.ys)[nearest(series.xs, x)];
      const said = readable(value, shown.decimals);
      legend.children[i].querySelector("b").textContent = said;
      return `${series.label}: ${said}`;
    });
    picture.setAttribute("aria-valuetext", [at.textContent, ...told].join("; "));
    picture.setAttribute("aria-valuemin", 0);
    picture.setAttribute("aria-valuemax", Math.max(0, stops.length - 1));
    picture.setAttribute("aria-valuenow", place ?? Math.max(0, stops.length - 1));
    const cursor = picture.querySelector(".cursor");
    if (!cursor || x === undefined) return;
    cursor.setAttribute("d", place === null ? "" : `M${scale.x(x)} ${scale.top}V${scale.bottom}`);
    all("circle", picture).forEach((dot, i) => {
      const series = shown.series[i];
      const value = (series.soft || series.ys)[nearest(series.xs, x)];
      dot.toggleAttribute("hidden", !isNumber(value));
      dot.setAttribute("cx", scale.x(x));
      dot.setAttribute("cy", scale.y(value ?? 0));
    });
  };

  const draw = () => {
    const width = Math.max(240, Math.round(picture.clientWidth || figure.clientWidth || 360));
    const height = Math.round(Math.min(260, Math.max(170, width * 0.48)));
    const values = shown.series.flatMap((series) => series.ys).filter(isNumber).sort((a, b) => a - b);
    const levels = shown.levels || [];
    // A few spikes of the first iterations must not press the rest flat; they are cut at the top.
    const soft = shown.series.flatMap((series) => series.soft || series.ys).filter(isNumber);
    const high = Math.max(shown.smooth ? Math.max(values[Math.floor(values.length * 0.985)] ?? 0, ...soft) : values.at(-1) ?? 1, ...levels.map((l) => l.value));
    const low = shown.zero ? 0 : Math.min(values[0] ?? 0, ...levels.map((l) => l.value));
    const up = niceTicks(low, shown.zero && high <= 0 ? 1 : high, 4);
    const label = (v) => (up.decimals > 3 ? readable(v) : formatted(v, up.decimals));
    const left = 14 + 6.6 * Math.max(...up.values.map((v) => label(v).length));
    const [top, right, bottom] = [8, width - 10, height - 24];
    const along = niceTicks(0, Math.max(1, shown.most), width < 420 ? 4 : 6);
    const epochs = along.values.filter((v) => Number.isInteger(v) && v <= shown.most);
    scale = {
      top, bottom,
      x: (v) => Math.round((left + ((right - left) * v) / Math.max(1, shown.most)) * 100) / 100,
      y: (v) => Math.round((bottom - ((bottom - top) * (Math.min(v, up.values.at(-1)) - up.values[0])) / (up.values.at(-1) - up.values[0])) * 100) / 100,
      value: (x) => ((x - left) / (right - left)) * Math.max(1, shown.most),
    };
    const path = (xs, ys) => ys.reduce((d, y, i) => (isNumber(y) ? `${d}${d && isNumber(ys[i - 1]) ? "L" : "M"}${scale.x(xs[i])} ${scale.y(y)}` : d), "");
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const parts = [
      ...up.values.map((v) => drawn("path", { class: "grid", d: `M${left} ${scale.y(v)}H${right}` })),
      ...up.values.map((v) => drawn("text", { x: left - 8, y: scale.y(v) + 4, "text-anchor": "end" }, label(v))),
      ...epochs.map((v) => drawn("text", { x: scale.x(v), y: bottom + 17, "text-anchor": "middle" }, formatted(v))),
      ...(shown.marks || []).map((v) => drawn("path", { class: "resumed", d: `M${scale.x(v)} ${top}V${bottom}` }, drawn("title", {}, text("resumed_here")))),
      ...levels.map((l, i) => drawn("path", { class: `level level-${i + 1}`, d: `M${left} ${scale.y(l.value)}H${right}` }, drawn("title", {}, l.label))),
      ...shown.series.flatMap((series, i) => series.soft ? [drawn("path", { class: `raw line-${i + 1}`, d: path(series.xs, series.ys) })] : []),
      ...shown.series.map((series, i) => drawn("path", { class: `line line-${i + 1}`, d: path(series.xs, series.soft || series.ys) })),
      drawn("path", { class: "cursor" }),
      ...shown.series.map((_, i) => drawn("circle", { class: `dot dot-${i + 1}`, r: 3.5 })),
    ];
    picture.replaceChildren(...parts);
    readOut();
  };

  const move = (to) => {
    place = to === null || to >= stops.length - 1 ? null : Math.max(0, to);
    readOut();
  };
  picture.addEventListener("pointermove", (event) => {
    if (!scale || !stops.length) return;
    const box = picture.getBoundingClientRect();
    const x = scale.value(((event.clientX - box.left) / box.width) * picture.viewBox.baseVal.width);
    move(nearest(stops, x));
  });
  picture.addEventListener("pointerleave", () => move(null));
  picture.addEventListener("keydown", (event) => {
    const now = place ?? stops.length - 1;
    const far = Math.max(1, Math.round(stops.length / 10));
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - far, PageUp: now + far, Home: 0, End: stops.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(Math.max(0, to));
  });
  new ResizeObserver(() => shown && Math.abs(picture.clientWidth - picture.viewBox.baseVal.width) > 1 && draw()).observe(figure);

  return {
    figure,
    show: (what) => {
      const stood = place === null ? null : stops[place];
      shown = what;
      for (const series of shown.series) series.soft = shown.smooth && series.ys.length > 12 ? smoothed(series.ys) : null;
      stops = shown.series.reduce((longest, series) => (series.xs.length > longest.length ? series.xs : longest), []);
      place = stood === null || !stops.length ? null : nearest(stops, stood);
      const names = [...shown.series.map((s) => s.label), ...(shown.levels || []).map((l) => l.label)].join("\n");
      if (legend.dataset.names !== names) {
        legend.dataset.names = names;
        const item = (kind, label) => element("li", {}, key(kind), element("span", {}, label), element("b", { class: "n" }));
        legend.replaceChildren(...shown.series.map((s, i) => item(`line line-${i + 1}`, s.label)), ...(shown.levels || []).map((l, i) => item(`level level-${i + 1}`, l.label)));
      }
      (shown.levels || []).forEach((l, i) => (legend.children[shown.series.length + i].querySelector("b").textContent = readable(l.value, shown.decimals)));
      draw();
    },
  };
};

const key = (kind) => {
  const picture = drawn("svg", { class: "key", viewBox: "0 0 22 8", width: 22, height: 8, "aria-hidden": "true" });
  picture.append(drawn("path", { class: kind, d: "M1 4H21" }));
  return picture;
};

// Panels by name, made when there is first something to show in them.
const panels = new Map();
const showPanel = (host, id, title, note, what) => {
  if (!panels.has(id)) {
    panels.set(id, panel(title, note));
    host.append(panels.get(id).figure);
  }
  panels.get(id).show(what);
};

const GROUPS = [
  ["adversarial", (name) => /^(G_|D_)/.test(name) && name !== "G_L1"],
  ["reconstruction", (name) => /^(G_L1|cycle|idt)/.test(name)],
  ["further", () => true],
];

const showCurves = (doc) => {
  const { names, epochs, values } = doc.losses;
  byId("no-curves").hidden = epochs.length > 0;
  const marks = doc.resumes.map((r) => (doc.batches ? r.iteration / doc.batches : r.epoch));
  const left = new Set(epochs.length ? names : []);
  // The axis ends with the training, but early on at a power of two, for a curve that can be seen.
  const done = Math.max(1, ...[epochs, doc.rates.epochs, doc.speed.epochs].map((xs) => xs.at(-1) ?? 0));
  const most = Math.min(doc.epochs, 2 ** (Math.ceil(Math.log2(done)) + 1));
  for (const [id, fits] of GROUPS) {
    const chosen = [...left].filter(fits);
    for (const name of chosen) left.delete(name);
    const series = chosen.map((name) => ({ name, label: name, xs: epochs, ys: values[name] || [] }));
    if (series.length) showPanel(byId("losses"), id, text(`group.${id}`), "", { series, most, zero: true, smooth: true, marks, decimals: 3 });
  }
  for (const [id, curve, decimals] of [["rate", doc.rates], ["speed", doc.speed, 1]]) {
    if (!curve.epochs.length) continue;
    const series = [{ name: id, label: text(`unit.${id}`), xs: curve.epochs, ys: curve.values }];
    showPanel(byId("others"), id, text(id), "", { series, most, zero: true, marks, decimals });
  }
};
