// The list of images: filters, order, and only as many rows in the page as can be seen.
const OVERSCAN = 6;
const LONG = 60;
const count = data.names.length;
const columns = data.columns.map((column) => ({
  ...column,
  values: Float64Array.from(column.values, (v) => (v === null ? NaN : v === "inf" ? Infinity : v === "-inf" ? -Infinity : v)),
}));
const columnById = new Map(columns.map((column) => [column.id, column]));
const places = new Map(data.names.map((name, row) => [name, row]));
const embedded = data.embedded || null;
const searched = data.names.map((name, row) => `${name}\n${data.sources?.[row] || ""}`.toLowerCase());

const state = { sort: data.sort || columns[0].id, falling: true, query: "", ranges: new Map(), only: Boolean(data.partial) };
let order = []; // rows that pass the filters, in the order shown
let kept = new Uint8Array(count);
let active = -1; // place in `order` of the row that holds the focus
const afterFilter = [];

const inside = (row) => !embedded || Boolean(embedded.strips[row]);

const stripAddress = (cell, row) => {
  if (embedded) return embedded.strips[row];
  const strips = data.strips[cell.strip];
  const place = strips.order ? strips.order[row] : row;
  return `${strips.base}thumbs/${String(Math.floor(place / 1000)).padStart(3, "0")}/${String(place).padStart(5, "0")}.webp`;
};

const pictureAddress = (cell, row) => {
  if (embedded) return embedded.pictures[cell.id]?.[row] || null;
  return cell.folder && `${cell.folder}${encodeURIComponent(data.names[row])}.png`;
};

const natural = new Intl.Collator(document.documentElement.lang, { numeric: true });
const ascending = (sort) => {
  if (sort === "order") return (a, b) => a - b;
  if (sort === "name") return (a, b) => natural.compare(data.names[a], data.names[b]) || a - b;
  const values = columnById.get(sort).values;
  return (a, b) => values[a] - values[b] || 0;
};

const passes = (row) => {
  if (state.query && !searched[row].includes(state.query)) return false;
  for (const [id, [low, high]] of state.ranges) {
    const value = columnById.get(id).values[row];
    if (!(value >= low && value <= high)) return false;
  }
  return !state.only || inside(row);
};

const update = () => {
  kept = Uint8Array.from({ length: count }, (_, row) => (passes(row) ? 1 : 0));
  order = [];
  const without = []; // images that lack the number sorted by stay last either way
  const values = columnById.get(state.sort)?.values;
  for (let row = 0; row < count; row++) if (kept[row]) (values && Number.isNaN(values[row]) ? without : order).push(row);
  order.sort(ascending(state.sort));
  if (state.falling) order.reverse();
  order.push(...without);
  active = -1;
  byId("count").textContent = text("count", { shown: formatted(order.length), all: formatted(count) });
  byId("empty").hidden = order.length > 0;
  showDirection();
  showChips();
  redraw();
  afterFilter.forEach((listener) => listener());
};

const showDirection = () => {
  const keys = { name: ["a_to_z", "z_to_a"], order: ["first_first", "last_first"] }[state.sort] || ["rising", "falling"];
  byId("direction").textContent = `${state.falling ? "↓" : "↑"} ${text(keys[Number(state.falling)])}`;
  byId("direction").setAttribute("aria-pressed", String(state.falling));
  byId("sort").value = state.sort;
};

const showChips = () => {
  const chips = byId("chips");
  const chip = (what, remove) => {
    const button = element("button", { type: "button", "aria-label": text("remove", { what }) }, what, " ×");
    button.addEventListener("click", remove);
    return button;
  };
  chips.replaceChildren();
  if (state.query) chips.append(chip(text("text_filter", { text: byId("search").value }), () => search("")));
  for (const [id, [low, high]] of state.ranges) {
    const column = columnById.get(id);
    const shown = (v) => formatted(v, column.decimals);
    chips.append(chip(text("filter", { column: column.label, low: shown(low), high: shown(high) }), () => setRange(id, null)));
  }
  chips.hidden = !chips.children.length;
};

const search = (typed) => {
  if (byId("search").value !== typed) byId("search").value = typed;
  state.query = typed.trim().toLowerCase();
  update();
};

const setRange = (id, range) => {
  if (range) state.ranges.set(id, range);
  else state.ranges.delete(id);
  update();
};

// --- rows ---
const scroller = byId("gallery-scroll");
const list = byId("rows");
const mounted = new Map();
let rowHeight = 0;
let shownCells = data.cells.map((_, place) => place);

const pictureIn = (cell, row) => {
  const address = stripAddress(cell, row);
  if (!address) return element("span", { class: "clear" }, text("missing"));
  const value = columns[0].values[row];
  const alt = `${text("alt", { kind: cell.label, name: data.names[row] })}, ${columns[0].label} ${formatted(value, columns[0].decimals)}`;
  const image = element("img", { alt, loading: "lazy", decoding: "async", width: 128, height: 128 });
  const cells = data.strips[cell.strip].cells;
  image.style.objectPosition = `${cells > 1 ? (100 * cell.place) / (cells - 1) : 0}% 0`;
  image.src = address;
  image.addEventListener("click", () => openImage(row));
  image.addEventListener("error", () => image.replaceWith(element("span", { class: "clear" }, text("missing"))));
  return image;
};

const nameOf = (row) => {
  const link = element("a", { href: `#image=${encodeURIComponent(data.names[row])}` });
  link.append(element("bdi", { dir: "auto" }, data.names[row]));
  const box = element("div", { class: "row-name" }, link);
  if (data.sources?.[row]) box.append(element("small", {}, element("bdi", { dir: "auto" }, data.sources[row])));
  for (const note of (data.notes?.[row] || []).slice(0, 2)) box.append(element("small", { class: "row-note" }, element("bdi", { dir: "auto" }, note)));
  return box;
};

const numbersOf = (row) => {
  const box = element("div", { class: "numbers" });
  for (const column of columns) {
    const cell = element("span", { class: column.id === state.sort ? "sorted" : "" }, element("small", {}, column.label));
    const signed = column.signed === true;
    cell.append(element("span", { class: "n" }, formatted(Number.isNaN(column.values[row]) ? null : column.values[row], column.decimals, signed)));
    box.append(cell);
  }
  return box;
};

const rowAt = (place) => {
  const row = order[place];
  const made = element("li", { class: "row", "aria-setsize": order.length, "aria-posinset": place + 1 });
  const pictures = element("div", { class: "pictures" }, ...shownCells.map((cell) => pictureIn(data.cells[cell], row)));
  made.append(nameOf(row), pictures, numbersOf(row));
  made.style.transform = `translateY(${place * rowHeight}px)`;
  return made;
};

const render = (most = Infinity) => {
  const long = scroller.classList.contains("long");
  const top = long ? scroller.scrollTop : 0;
  const first = long && most === Infinity ? Math.max(0, Math.floor(top / rowHeight) - OVERSCAN) : 0;
  const end = long && most === Infinity ? Math.ceil((top + scroller.clientHeight) / rowHeight) + OVERSCAN : order.length;
  const last = Math.min(order.length, end, most);
  for (const [place, made] of mounted) {
    const focused = made.contains(document.activeElement);
    if ((place < first || place >= last) && !focused) {
      made.remove();
      mounted.delete(place);
    }
  }
  for (let place = first; place < last; place++) {
    if (mounted.has(place)) continue;
    const made = rowAt(place);
    let after = null; // the order in the page is the order seen, for screen readers and print
    for (const [other, there] of mounted) if (other > place && (after === null || other < after[0])) after = [other, there];
    list.insertBefore(made, after && after[1]);
    mounted.set(place, made);
  }
};

const redraw = (most = Infinity) => {
  mounted.clear();
  list.replaceChildren();
  list.style.height = `${order.length * rowHeight}px`;
  if (scroller.classList.contains("long") && scroller.scrollTop > order.length * rowHeight) scroller.scrollTop = 0;
  render(most);
};

const measure = () => {
  scroller.closest("section").style.setProperty("--shown", shownCells.length);
  const probe = element("li", { class: "row" });
  list.append(probe);
  const height = probe.offsetHeight;
  probe.remove();
  if (height !== rowHeight) {
    rowHeight = height;
    redraw();
  } else render();
};

const showHead = () => {
  const pictures = element("div", { class: "pictures" }, ...shownCells.map((cell) => element("span", {}, data.cells[cell].label)));
  const numbers = element("div", { class: "numbers" });
  for (const column of columns) numbers.append(element("span", {}, column.label + (column.unit ? ` ${column.unit}` : "")));
  byId("gallery-head").replaceChildren(element("div"), pictures, numbers);
};

// Brings a place of the list into view and puts the focus there.
const goTo = (place) => {
  active = Math.max(0, Math.min(order.length - 1, place));
  const top = active * rowHeight;
  if (scroller.classList.contains("long")) {
    const head = scroller.scrollTop;
    if (top < head) scroller.scrollTop = top;
    else if (top + rowHeight > head + scroller.clientHeight) scroller.scrollTop = top + rowHeight - scroller.clientHeight;
    render();
  }
  mounted.get(active)?.querySelector("a").focus();
};

const jump = (role) => {
  const column = columnById.get(state.sort) || columns[0];
  if (column.id !== state.sort) {
    state.sort = column.id;
    state.falling = column.better !== "lower";
    update();
  }
  const finite = order.filter((row) => !Number.isNaN(column.values[row]));
  if (!finite.length) return;
  const bestFirst = state.falling === (column.better !== "lower");
  const place = { best: 0, median: Math.floor((finite.length - 1) / 2), worst: finite.length - 1 }[role];
  goTo(bestFirst ? place : finite.length - 1 - place);
};

// --- events ---
byId("search").addEventListener("input", (event) => search(event.target.value));
byId("sort").addEventListener("change", (event) => {
  state.sort = event.target.value;
  state.falling = !["name", "order"].includes(state.sort) && columnById.get(state.sort).better !== "lower";
  scroller.scrollTop = 0;
  update();
});
byId("direction").addEventListener("click", () => {
  state.falling = !state.falling;
  scroller.scrollTop = 0;
  update();
});
all("[data-jump]").forEach((button) => button.addEventListener("click", () => jump(button.dataset.jump)));
all("[data-cell]").forEach((box) =>
  box.addEventListener("change", () => {
    const chosen = all("[data-cell]").filter((b) => b.checked).map((b) => Number(b.dataset.cell));
    if (!chosen.length) box.checked = true;
    else shownCells = chosen;
    showHead();
    rowHeight = 0;
    measure();
  }),
);
byId("embedded-only")?.addEventListener("change", (event) => {
  state.only = event.target.checked;
  update();
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
  const point = event.target.closest("[data-row]");
  if (point) openImage(Number(point.dataset.row));
});
let asked = 0;
scroller.addEventListener("scroll", () => (asked ||= requestAnimationFrame(() => ((asked = 0), render()))), { passive: true });
list.addEventListener("focusin", (event) => {
  for (const [place, made] of mounted) if (made.contains(event.target)) active = place;
});
addEventListener("resize", measure);
addEventListener("beforeprint", () => redraw(40));
addEventListener("afterprint", () => redraw());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing) {
    if (event.key === "Escape" && event.target === byId("search")) search("");
    return;
  }
  const keys = {
    "/": () => byId("search").focus(),
    "?": () => byId("keys").showModal(),
    ArrowDown: () => goTo(active + 1),
    j: () => goTo(active + 1),
    ArrowUp: () => goTo(active - 1),
    k: () => goTo(active - 1),
    Home: () => goTo(0),
    End: () => goTo(order.length - 1),
    b: () => jump("best"),
    m: () => jump("median"),
    w: () => jump("worst"),
  };
  const moves = ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key);
  if (!keys[event.key] || (moves && !scroller.contains(event.target))) return;
  event.preventDefault();
  keys[event.key]();
});

byId("without-scripts").remove();
state.falling = columnById.get(state.sort).better !== "lower";
if (count > LONG) [scroller, byId("gallery-head")].forEach((box) => box.classList.add("long"));
showHead();
measure();
update();
