// Dragging over a histogram, or typing a range, keeps the images in it; all charts show what is kept.
const rangeInput = (id, end) => document.querySelector(`[data-range="${id}"][data-end="${end}"]`);

const drawBrush = ({ chart, column, left, right, low, high }) => {
  const x = (value) => left + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (right - left);
  const range = state.ranges.get(column.id);
  const brush = chart.querySelector(".brush");
  chart.classList.toggle("filtered", Boolean(range));
  brush.setAttribute("x", range ? x(range[0]) : 0);
  brush.setAttribute("width", range ? Math.max(1, x(range[1]) - x(range[0])) : 0);
};

const drawCounts = ({ chart, column, top, bottom, most }) => {
  if (data.picked) return; // bars are of all images, and not all of them are listed
  const edges = data.histograms[column.id];
  const bins = edges.length - 1;
  const counts = new Uint32Array(bins);
  for (const value of order.map((row) => column.values[row]).filter(Number.isFinite)) {
    counts[Math.min(bins - 1, Math.floor(((value - edges[0]) / (edges[bins] - edges[0])) * bins))]++;
  }
  all(".on", chart).forEach((bar, bin) => {
    const height = ((bottom - top) * counts[bin]) / most;
    bar.setAttribute("y", bottom - height);
    bar.setAttribute("height", height);
  });
};

const drawTyped = ({ column: { id, decimals } }) => {
  const range = state.ranges.get(id);
  ["low", "high"].forEach((end, place) => {
    const input = rangeInput(id, end);
    if (input !== document.activeElement) input.value = range ? formatted(range[place], decimals) : ""; // not where the reader is
  });
  document.querySelector(`[data-clear="${id}"]`).hidden = !range;
};

const setUp = (histogram) => {
  const { chart, column: { id }, left, right, low, high } = histogram;
  const area = chart.querySelector(".area");
  const valueAt = (event) => {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    return low + Math.min(1, Math.max(0, (x - left) / (right - left))) * (high - low);
  };
  let start = null;
  area.addEventListener("pointerdown", (event) => {
    start = valueAt(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    const now = valueAt(event);
    if (start !== null && now !== start) setRange(id, [Math.min(start, now), Math.max(start, now)]);
  });
  area.addEventListener("pointerup", (event) => {
    if (start !== null && valueAt(event) === start) setRange(id, null);
    start = null;
  });
  area.addEventListener("pointercancel", () => (start = null));
  for (const end of ["low", "high"]) {
    rangeInput(id, end).addEventListener("input", () => {
      const [from, to] = ["low", "high"].map((side) => parsed(rangeInput(id, side).value));
      const open = Number.isNaN(from) && Number.isNaN(to);
      setRange(id, open ? null : [Number.isNaN(from) ? low : from, Number.isNaN(to) ? high : to]);
    });
    rangeInput(id, end).addEventListener("blur", () => setTimeout(() => drawTyped(histogram)));
  }
  document.querySelector(`[data-clear="${id}"]`).addEventListener("click", () => setRange(id, null));
};

const histograms = columns.flatMap((column) => {
  const chart = byId(`histogram-${column.id}`);
  const frame = ["left", "right", "top", "bottom", "low", "high", "most"].map((name) => [name, Number(chart?.dataset[name])]);
  return chart ? [{ chart, column, ...Object.fromEntries(frame) }] : [];
});
histograms.forEach(setUp);

const points = all("circle[data-row]");
afterFilter.push(() => {
  for (const histogram of histograms) [drawBrush, drawCounts, drawTyped].forEach((draw) => draw(histogram));
  for (const point of points) point.classList.toggle("off", !kept[point.dataset.row]);
});
