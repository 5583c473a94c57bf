// Curves over epochs, drawn as SVG at the width there is; a pointer or the arrow keys read them out.
// Axes run from left to right in every language.
const drawn = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
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

const nearest = (xs, x) => xs.reduce((best, value, i) => (Math.abs(value - x) < Math.abs(xs[best] - x) ? i : best), 0);

// Where a plot's values lie in a picture of that size, and the ticks of its axes.
const scaleOf = (shown, width, height) => {
  const lines = shown.series.flatMap((series) => series.line).filter(isNumber);
  const values = shown.series.flatMap((series) => series.ys).filter(isNumber).sort((a, b) => a - b);
  const levels = shown.levels.map((level) => level.value);
  // A few spikes of the first iterations must not press the rest flat; they are cut at the top.
  const tops = shown.smooth ? [values[Math.floor(values.length * 0.985)] ?? 0, ...lines] : [values.at(-1) ?? 1];
  const most = Math.max(...tops, ...levels);
  const low = shown.zero ? 0 : Math.min(values[0] ?? 0, ...levels);
  const up = niceTicks(low, shown.zero && most <= 0 ? 1 : most, 4);
  const label = (v) => (up.decimals > 3 ? readable(v) : formatted(v, up.decimals));
  const [left, top, right, bottom] = [14 + 6.6 * Math.max(...up.values.map((v) => label(v).length)), 8, width - 10, height - 24];
  const epochs = Math.max(1, shown.most);
  const along = niceTicks(0, epochs, width < 420 ? 4 : 6).values;
  const [least, highest] = [up.values[0], up.values.at(-1)];
  const rounded = (pixels) => Math.round(pixels * 100) / 100;
  return {
    left, top, right, bottom, label,
    ups: up.values,
    alongs: along.filter((v) => Number.isInteger(v) && v <= shown.most),
    x: (v) => rounded(left + ((right - left) * v) / epochs),
    y: (v) => rounded(bottom - ((bottom - top) * (Math.min(v, highest) - least)) / (highest - least)),
    value: (x) => ((x - left) / (right - left)) * epochs,
  };
};

// One panel that stays in the page and is drawn again with `show`.
// What it shows: { series: [{ label, xs, ys }], most: epochs on the axis, zero: from zero, smooth, levels:
// [{ label, value }] drawn across, marks: epochs, decimals }.
const panel = (title) => {
  const legend = element("ul", { class: "legend" });
  const at = element("span", { class: "at n" });
  const picture = drawn("svg", { class: "chart curve", tabindex: 0, role: "slider", "aria-label": title });
  const head = element("figcaption", {}, element("span", {}, title), at);
  const figure = element("figure", { class: "plot-card" }, head, legend, picture);
  let shown = null;
  let place = null; // index into `stops` where the reader is, null for the newest
  let stops = [];
  let scale = null;

  const readOut = () => {
    const last = Math.max(0, stops.length - 1);
    const x = stops[place ?? last];
    at.textContent = x === undefined ? "" : text("at_epoch", { n: formatted(x, Number.isInteger(x) ? 0 : 1) });
    const values = shown.series.map((series) => series.line[nearest(series.xs, x)]);
    const told = values.map((value) => readable(value, shown.decimals));
    told.forEach((said, i) => (legend.children[i].querySelector("b").textContent = said));
    const said = [at.textContent, ...told.map((value, i) => `${shown.series[i].label}: ${value}`)].join("; ");
    filled(picture, { "aria-valuetext": said, "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": place ?? last }, []);
    if (x === undefined) return;
    picture.querySelector(".cursor").setAttribute("d", place === null ? "" : `M${scale.x(x)} ${scale.top}V${scale.bottom}`);
    all("circle", picture).forEach((dot, i) => {
      dot.toggleAttribute("hidden", !isNumber(values[i]));
      filled(dot, { cx: scale.x(x), cy: scale.y(values[i] ?? 0) }, []);
    });
  };

  const draw = () => {
    const width = Math.max(240, Math.round(picture.clientWidth || figure.clientWidth || 360));
    const height = Math.round(Math.min(260, Math.max(170, width * 0.48)));
    scale = scaleOf(shown, width, height);
    const { left, top, right, bottom, x, y } = scale;
    const across = (kind, value, ...children) => drawn("path", { class: kind, d: `M${left} ${y(value)}H${right}` }, ...children);
    const titled = (title) => drawn("title", {}, title);
    const path = (kind, xs, ys) =>
      drawn("path", { class: kind, d: ys.reduce((d, v, i) => (isNumber(v) ? `${d}${d && isNumber(ys[i - 1]) ? "L" : "M"}${x(xs[i])} ${y(v)}` : d), "") });
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.replaceChildren(
      ...scale.ups.map((v) => across("grid", v)),
      ...scale.ups.map((v) => drawn("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, scale.label(v))),
      ...scale.alongs.map((v) => drawn("text", { x: x(v), y: bottom + 17, "text-anchor": "middle" }, formatted(v))),
      ...shown.marks.map((v) => drawn("path", { class: "resumed", d: `M${x(v)} ${top}V${bottom}` }, titled(text("resumed_here")))),
      ...shown.levels.map((level, i) => across(`level level-${i + 1}`, level.value, titled(level.label))),
      ...shown.series.flatMap(({ line, xs, ys }, i) => (line === ys ? [] : [path(`raw line-${i + 1}`, xs, ys)])),
      ...shown.series.map(({ line, xs }, i) => path(`line line-${i + 1}`, xs, line)),
      drawn("path", { class: "cursor" }),
      ...shown.series.map((_, i) => drawn("circle", { class: `dot dot-${i + 1}`, r: 3.5 })),
    );
    readOut();
  };

  const move = (to) => {
    place = to >= stops.length - 1 ? null : Math.max(0, to);
    readOut();
  };
  picture.addEventListener("pointermove", (event) => {
    if (!stops.length) return;
    const box = picture.getBoundingClientRect();
    move(nearest(stops, scale.value(((event.clientX - box.left) / box.width) * picture.viewBox.baseVal.width)));
  });
  picture.addEventListener("pointerleave", () => move(Infinity));
  onKeys(picture, () => {
    const now = place ?? stops.length - 1;
    const far = Math.max(1, Math.round(stops.length / 10));
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - far, PageUp: now + far, Home: 0, End: Infinity };
    return Object.fromEntries(Object.entries(to).map(([key, stop]) => [key, () => move(stop)]));
  });
  new ResizeObserver(() => shown && Math.abs(picture.clientWidth - picture.viewBox.baseVal.width) > 1 && draw()).observe(figure);

  const show = (what) => {
    const stood = place === null ? null : stops[place];
    shown = { levels: [], marks: [], ...what };
    for (const series of shown.series) series.line = shown.smooth && series.ys.length > 12 ? smoothed(series.ys) : series.ys;
    stops = shown.series.reduce((longest, { xs }) => (xs.length > longest.length ? xs : longest), []);
    place = stood === null || !stops.length ? null : nearest(stops, stood);
    const items = [
      ...shown.series.map(({ label }, i) => ({ label, kind: `line line-${i + 1}` })),
      ...shown.levels.map(({ label, value }, i) => ({ label, kind: `level level-${i + 1}`, said: readable(value, shown.decimals) })),
    ];
    const parts = items.map(({ label, kind, said = "" }) =>
      element("li", {}, key(kind), element("span", {}, label), element("b", { class: "n" }, said)));
    legend.replaceChildren(...parts);
    draw();
  };
  return { figure, show };
};

const key = (kind) =>
  drawn("svg", { class: "key", viewBox: "0 0 22 8", width: 22, height: 8, "aria-hidden": "true" }, drawn("path", { class: kind, d: "M1 4H21" }));

// Panels by name, made when there is first something to show in them.
const panels = new Map();
const showPanel = (host, id, title, what) => {
  if (!panels.has(id)) {
    panels.set(id, panel(title));
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
  // The axis ends with the training, but early on at a power of two, for a curve that can be seen.
  const done = Math.max(1, ...[epochs, doc.rates.epochs, doc.speed.epochs].map((xs) => xs.at(-1) ?? 0));
  const most = Math.min(doc.epochs, 2 ** (Math.ceil(Math.log2(done)) + 1));
  const groupOf = (name) => GROUPS.find(([, fits]) => fits(name))[0];
  for (const [id] of epochs.length ? GROUPS : []) {
    const series = names.filter((name) => groupOf(name) === id).map((name) => ({ label: name, xs: epochs, ys: values[name] || [] }));
    if (series.length) showPanel(byId("losses"), id, text(`group.${id}`), { series, most, zero: true, smooth: true, marks, decimals: 3 });
  }
  for (const [id, curve, decimals] of [["rate", doc.rates], ["speed", doc.speed, 1]]) {
    const series = [{ label: text(`unit.${id}`), xs: curve.epochs, ys: curve.values }];
    if (curve.epochs.length) showPanel(byId("others"), id, text(id), { series, most, zero: true, marks, decimals });
  }
};
