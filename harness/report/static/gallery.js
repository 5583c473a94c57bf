// The list of images: filters, order, and only as many rows in the page as can be seen.
const OVERSCAN = 6;
const LONG = 60;
const TOLD = { null: NaN, inf: Infinity, "-inf": -Infinity }; // what JSON has no numbers for
const count = data.names.length;
const columns = data.columns.map((column) => ({ ...column, values: Float64Array.from(column.values, (v) => TOLD[v] ?? v) }));
const columnById = new Map(columns.map((column) => [column.id, column]));
const places = new Map(data.names.map((name, row) => [name, row]));
const { embedded } = data;
const searched = data.names.map((name, row) => `${name}\n${data.sources?.[row] || ""}`.toLowerCase());

const usual = data.sort || columns[0].id;
const state = { sort: usual, falling: true, query: "", ranges: new Map(), only: Boolean(data.partial) };
let order = []; // rows that pass the filters, in the order shown
let kept = []; // whether each row passes
let active = -1; // place in `order` of the row that holds the focus
const afterFilter = [];

const stripAddress = (cell, row) => {
  if (embedded) return embedded.strips[row];
  const strips = data.strips[cell.strip];
  const place = strips.order ? strips.order[row] : row;
  return `${strips.base}thumbs/${String(Math.floor(place / 1000)).padStart(3, "0")}/${String(place).padStart(5, "0")}.webp`;
};

const pictureAddress = (cell, row) => {
  if (embedded) return embedded.pictures[cell.id]?.[row] || null;
  return cell.folder && `${cell.folder}${encodeURIComponent(data.names[row])}${cell.suffix}`;
};

const natural = new Intl.Collator(document.documentElement.lang, { numeric: true });
const ascending = (sort) => {
  if (sort === "order") return (a, b) => a - b;
  if (sort === "name") return (a, b) => natural.compare(data.names[a], data.names[b]) || a - b;
  const values = columnById.get(sort).values;
  return (a, b) => values[a] - values[b] || 0;
};

const passes = (row) =>
  searched[row].includes(state.query) &&
  (!state.only || !embedded || Boolean(embedded.strips[row])) &&
  [...state.ranges].every(([id, [low, high]]) => low <= columnById.get(id).values[row] && columnById.get(id).values[row] <= high);

const update = () => {
  kept = data.names.map((_, row) => passes(row));
  const values = columnById.get(state.sort)?.values;
  const lacks = (row) => values !== undefined && Number.isNaN(values[row]);
  const rows = [...kept.keys()].filter((row) => kept[row]);
  order = rows.filter((row) => !lacks(row)).sort(ascending(state.sort));
  if (state.falling) order.reverse();
  order.push(...rows.filter(lacks)); // images that lack the number sorted by stay last either way
  active = -1;
  byId("count").textContent = text("count", { shown: formatted(order.length), all: formatted(count) });
  byId("empty").hidden = order.length > 0;
  showDirection();
  showChips();
  remember();
  redraw();
  afterFilter.forEach((listener) => listener());
};

const showDirection = () => {
  const keys = { name: ["a_to_z", "z_to_a"], order: ["first_first", "last_first"] }[state.sort] || ["rising", "falling"];
  byId("direction").textContent = `${state.falling ? "↓" : "↑"} ${text(keys[Number(state.falling)])}`;
  byId("direction").setAttribute("aria-pressed", state.falling);
  byId("sort").value = state.sort;
  all("[data-sort]").forEach((head) => {
    head.removeAttribute("aria-sort");
    if (head.dataset.sort === state.sort) head.setAttribute("aria-sort", state.falling ? "descending" : "ascending");
  });
};

// The address keeps what is shown, so that it can be sent: order, words, ranges, and the image that is open.
const fallsFirst = (sort) => columnById.has(sort) && columnById.get(sort).better !== "lower";
const listParts = () => {
  const sorted = state.sort === usual && state.falling === fallsFirst(usual);
  const parts = sorted ? [] : [["sort", `${state.falling ? "-" : ""}${state.sort}`]];
  if (state.query) parts.push(["find", state.query]);
  return [...parts, ...[...state.ranges].map(([id, range]) => [id, range.join("~")])];
};
const hashParts = () => {
  try {
    decodeURIComponent(location.hash);
    return new URLSearchParams(location.hash.slice(1));
  } catch {
    return new URLSearchParams(); // a link cut off in the middle of an escape
  }
};
const addressWith = (image) => {
  const parts = [...(image === null ? [] : [["image", image]]), ...listParts()];
  return parts.length ? `#${new URLSearchParams(parts)}` : location.pathname + location.search;
};
const remember = () => {
  if (listParts().length || location.hash.includes("=")) history.replaceState(null, "", addressWith(hashParts().get("image")));
};
const restore = () => {
  const parts = hashParts();
  const sort = (parts.get("sort") || "").replace(/^-/, "");
  const known = sort === "name" || sort === "order" || columnById.has(sort);
  state.sort = known ? sort : usual;
  state.falling = known ? parts.get("sort").startsWith("-") : fallsFirst(usual);
  byId("search").value = state.query = parts.get("find") || "";
  const ranges = columns.map(({ id }) => [id, (parts.get(id) || "").split("~").map(Number)]);
  state.ranges = new Map(ranges.filter(([, range]) => range.length === 2 && !range.some(Number.isNaN)));
};

const showChips = () => {
  const chip = (what, remove) => {
    const button = element("button", { type: "button", "aria-label": text("remove", { what }) }, what, " ×");
    button.addEventListener("click", remove);
    return button;
  };
  const chips = [...state.ranges].map(([id, range]) => {
    const { label, decimals } = columnById.get(id);
    const [low, high] = range.map((v) => formatted(v, decimals));
    return chip(text("filter", { column: label, low, high }), () => setRange(id, null));
  });
  if (state.query) chips.unshift(chip(text("text_filter", { text: byId("search").value }), () => search("")));
  byId("chips").replaceChildren(...chips);
  byId("chips").hidden = !chips.length;
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
let shownCells = data.cells.filter((cell) => cell.place !== null);

const told = (tag, column, row) => element(tag, { class: "n" }, formatted(column.values[row], column.decimals, column.signed));
const missing = () => element("span", { class: "clear" }, text("missing"));

const pictureIn = (cell, row) => {
  const address = stripAddress(cell, row);
  if (!address) return missing();
  const { label, values, decimals } = columns[0];
  const alt = `${text("alt", { kind: cell.label, name: data.names[row] })}, ${label} ${formatted(values[row], decimals)}`;
  const image = element("img", { alt, loading: "lazy", decoding: "async", width: 128, height: 128, "data-row": row });
  const last = data.strips[cell.strip].cells - 1;
  image.style.objectPosition = `${(100 * cell.place) / Math.max(1, last)}% 0`;
  image.src = address;
  image.addEventListener("error", () => image.replaceWith(missing()));
  return image;
};

const nameOf = (row) => {
  const link = element("a", { href: `#image=${encodeURIComponent(data.names[row])}` }, bdi(data.names[row]));
  const source = data.sources?.[row] ? [element("small", {}, bdi(data.sources[row]))] : [];
  const notes = (data.notes?.[row] || []).slice(0, 2).map((note) => element("small", { class: "row-note" }, bdi(note)));
  return element("div", { class: "row-name" }, link, ...source, ...notes);
};

const numberOf = (column, row) =>
  element("span", { class: column.id === state.sort ? "sorted" : "" }, element("small", {}, column.label), told("span", column, row));

const rowAt = (place) => {
  const row = order[place];
  const pictures = element("div", { class: "pictures" }, ...shownCells.map((cell) => pictureIn(cell, row)));
  const numbers = element("div", { class: "numbers" }, ...columns.map((column) => numberOf(column, row)));
  const attributes = { class: "row", "aria-setsize": order.length, "aria-posinset": place + 1 };
  const made = element("li", attributes, nameOf(row), pictures, numbers);
  made.style.transform = `translateY(${place * rowHeight}px)`;
  return made;
};

const render = (most = Infinity) => {
  const windowed = scroller.classList.contains("long") && most === Infinity;
  const first = windowed ? Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - OVERSCAN) : 0;
  const end = windowed ? Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + OVERSCAN : order.length;
  const last = Math.min(order.length, end, most);
  for (const [place, made] of mounted) {
    if ((place >= first && place < last) || made.contains(document.activeElement)) continue;
    made.remove();
    mounted.delete(place);
  }
  for (let place = first; place < last; place++) {
    if (mounted.has(place)) continue;
    // The order in the page is the order seen, for screen readers and print.
    const after = Math.min(...[...mounted.keys()].filter((other) => other > place));
    mounted.set(place, list.insertBefore(rowAt(place), mounted.get(after) || null));
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
  const probe = list.appendChild(element("li", { class: "row" }));
  const height = probe.offsetHeight;
  probe.remove();
  if (height === rowHeight) return render();
  rowHeight = height;
  return redraw();
};

const showHead = () => {
  const pictures = shownCells.map((cell) => element("span", { role: "columnheader" }, cell.label));
  const head = (id, label) => element("span", { role: "columnheader", "data-sort": id }, element("button", { type: "button", class: "quiet" }, label));
  const numbers = columns.map(({ id, label, unit }) => head(id, label + (unit ? ` ${unit}` : "")));
  const parts = [element("div", { class: "pictures" }, ...pictures), element("div", { class: "numbers" }, ...numbers)];
  byId("gallery-head").replaceChildren(head("name", byId("sort").querySelector('[value="name"]').textContent), ...parts);
};

// Brings a place of the list into view and puts the focus there.
const goTo = (place) => {
  active = Math.max(0, Math.min(order.length - 1, place));
  const [top, head] = [active * rowHeight, scroller.scrollTop];
  if (scroller.classList.contains("long")) {
    if (top < head) scroller.scrollTop = top;
    else if (top + rowHeight > head + scroller.clientHeight) scroller.scrollTop = top + rowHeight - scroller.clientHeight;
    render();
  }
  mounted.get(active)?.querySelector("a").focus();
};

// Numbers begin with the best, names and places with the first.
const sortBy = (sort) => {
  state.sort = sort;
  state.falling = fallsFirst(sort);
  update();
};

const jump = (role) => {
  const column = columnById.get(state.sort) || columns[0];
  if (column.id !== state.sort) sortBy(column.id);
  const last = order.filter((row) => !Number.isNaN(column.values[row])).length - 1;
  if (last < 0) return;
  const place = { best: 0, median: Math.floor(last / 2), worst: last }[role];
  const bestFirst = state.falling === (column.better !== "lower");
  goTo(bestFirst ? place : last - place);
};

// --- events ---
byId("search").addEventListener("input", (event) => search(event.target.value));
byId("sort").addEventListener("change", (event) => {
  scroller.scrollTop = 0;
  sortBy(event.target.value);
});
const turn = () => {
  state.falling = !state.falling;
  scroller.scrollTop = 0;
  update();
};
byId("direction").addEventListener("click", turn);
byId("gallery-head").addEventListener("click", (event) => {
  const sort = event.target.closest("button")?.parentElement.dataset.sort;
  if (sort) sort === state.sort ? turn() : sortBy(sort);
});
all("[data-jump]").forEach((button) => button.addEventListener("click", () => jump(button.dataset.jump)));
all("[data-cell]").forEach((box) =>
  box.addEventListener("change", () => {
    const chosen = all("[data-cell]").filter((b) => b.checked).map((b) => data.cells[b.dataset.cell]);
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

onKeys(document, (event) => {
  if (document.querySelector("dialog[open]")) return {};
  if (event.target === byId("search")) return { Escape: () => search("") };
  if (event.target.closest("input, select, textarea")) return {};
  const moves = {
    ArrowDown: () => goTo(active + 1),
    ArrowUp: () => goTo(active - 1),
    Home: () => goTo(0),
    End: () => goTo(order.length - 1),
  };
  return {
    ...(scroller.contains(event.target) ? moves : {}),
    "/": () => byId("search").focus(),
    "?": () => byId("keys").showModal(),
    j: moves.ArrowDown,
    k: moves.ArrowUp,
    b: () => jump("best"),
    m: () => jump("median"),
    w: () => jump("worst"),
  };
});

byId("without-scripts").remove();
if (count > LONG) [scroller, byId("gallery-head")].forEach((box) => box.classList.add("long"));
showHead();
restore();
measure();
update();
