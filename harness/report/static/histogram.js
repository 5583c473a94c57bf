// Dragging over a histogram, or typing a range, keeps the images in it; all charts show what is kept.
const drawBrush = (chart, column) => {
  const { left, right, low, high } = chart.dataset;
  const x = (value) => Number(left) + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (right - left);
  const range = state.ranges.get(column.id);
  const brush = chart.querySelector(".brush");
  chart.classList.toggle("filtered", Boolean(range));
  brush.setAttribute("x", range ? x(range[0]) : 0);
  brush.setAttribute("width", range ? Math.max(1, x(range[1]) - x(range[0])) : 0);
};

const drawCounts = (chart, column) => {
  const edges = data.histograms[column.id];
  const bins = edges.length - 1;
  const counts = new Uint32Array(bins);
  for (const row of order) {
    const value = column.values[row];
    if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor(((value - edges[0]) / (edges[bins] - edges[0])) * bins))]++;
  }
  const { top, bottom, most } = chart.dataset;
  all(".on", chart).forEach((bar, bin) => {
    const height = ((bottom - top) * counts[bin]) / most;
    bar.setAttribute("y", bottom - height);
    bar.setAttribute("height", height);
  });
};

const drawTyped = (column) => {
  const range = state.ranges.get(column.id);
  for (const input of all(`[data-range="${column.id}"]`)) {
    if (input === document.activeElement) continue; // never rewrite the box the reader is in
    input.value = range ? formatted(range[input.dataset.end === "low" ? 0 : 1], column.decimals) : "";
  }
  document.querySelector(`[data-clear="${column.id}"]`).hidden = !range;
};

const setUpHistogram = (chart, column) => {
  const { left, right, low, high } = chart.dataset;
  const area = chart.querySelector(".area");
  const valueAt = (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    const share = Math.min(1, Math.max(0, (x - left) / (right - left)));
    return Number(low) + share * (high - low);
  };
  let start = null;
  area.addEventListener("pointerdown", (event) => {
    start = valueAt(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const now = valueAt(event);
    if (now !== start) setRange(column.id, [Math.min(start, now), Math.max(start, now)]);
  });
  area.addEventListener("pointerup", (event) => {
    if (start !== null && valueAt(event) === start) setRange(column.id, null);
    start = null;
  });
  area.addEventListener("pointercancel", () => (start = null));
};

const typedRange = (id) => {
  const [low, high] = ["low", "high"].map((end) => parsed(document.querySelector(`[data-range="${id}"][data-end="${end}"]`).value));
  if (Number.isNaN(low) && Number.isNaN(high)) return setRange(id, null);
  const { low: least, high: most } = byId(`histogram-${id}`).dataset;
  return setRange(id, [Number.isNaN(low) ? Number(least) : low, Number.isNaN(high) ? Number(most) : high]);
};

const charted = columns.filter((column) => byId(`histogram-${column.id}`));
for (const column of charted) setUpHistogram(byId(`histogram-${column.id}`), column);
all("[data-range]").forEach((input) => input.addEventListener("input", () => typedRange(input.dataset.range)));
all("[data-range]").forEach((input) => input.addEventListener("blur", () => setTimeout(() => drawTyped(columnById.get(input.dataset.range)))));
all("[data-clear]").forEach((button) => button.addEventListener("click", () => setRange(button.dataset.clear, null)));

const points = all("circle[data-row]");
afterFilter.push(() => {
  for (const column of charted) {
    const chart = byId(`histogram-${column.id}`);
    drawBrush(chart, column);
    drawCounts(chart, column);
    drawTyped(column);
  }
  for (const point of points) point.classList.toggle("off", !kept[point.dataset.row]);
});
