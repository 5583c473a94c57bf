// One image large: side by side, slider, blend, flicker, difference; zoom and pan in step; a link to it.
const viewer = byId("viewer");
const stage = byId("stage");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const backwards = document.documentElement.dir === "rtl";
const full = data.cells.filter((cell) => cell.folder);
const view = { row: -1, mode: "side", first: 0, second: 0, zoom: 1, x: 0, y: 0, pushed: false, timer: 0, returnTo: null };
const size = { width: 1, height: 1 }; // of the pictures shown, in their own pixels
const FLIP_MS = 500; // two changes a second, below the three flashes of WCAG 2.3.1

const openImage = (row) => {
  view.returnTo = document.activeElement;
  history.pushState(null, "", `#image=${encodeURIComponent(data.names[row])}`);
  sync(true);
};

const hashImage = () => {
  const match = /^#image=(.*)$/.exec(location.hash);
  if (!match) return -1;
  try {
    return places.get(decodeURIComponent(match[1])) ?? -1;
  } catch {
    return -1; // a link cut off in the middle of an escape
  }
};

const loaded = (cell, row, className) => {
  const image = element("img", { class: className, alt: text("alt", { kind: cell.label, name: data.names[row] }), draggable: "false" });
  image.addEventListener("load", () => {
    if (image.naturalWidth === size.width && image.naturalHeight === size.height) return;
    if (className === "top") noteSizes(image);
    else {
      [size.width, size.height] = [image.naturalWidth, image.naturalHeight];
      fitStage();
    }
  });
  image.addEventListener("error", () => image.remove());
  image.src = pictureAddress(cell, row);
  return image;
};

const noteSizes = (top) => {
  const said = (w, h) => `${formatted(w)} × ${formatted(h)}`;
  byId("viewer-note").textContent = text("unequal", {
    first: said(top.naturalWidth, top.naturalHeight),
    second: said(size.width, size.height),
  });
};

const pane = (label, ...images) =>
  element("figure", { class: "pane" }, element("div", { class: "frame" }, ...images), element("figcaption", {}, label));

const drawStage = () => {
  clearInterval(view.timer);
  const [first, second] = [full[view.first], full[view.second]];
  stage.className = `stage ${view.mode}`;
  byId("pair").hidden = view.mode === "side";
  byId("gain-field").hidden = view.mode !== "difference";
  byId("share-field").hidden = !["slider", "blend"].includes(view.mode);
  byId("share-first").textContent = first.label;
  byId("share-second").textContent = second.label;
  byId("viewer-note").textContent = "";
  if (!pictureAddress(full[0], view.row)) {
    stage.replaceChildren(element("p", {}, text("not_inside")));
    return;
  }
  if (view.mode === "side") {
    const there = full.filter((cell) => pictureAddress(cell, view.row));
    stage.replaceChildren(...there.map((cell) => pane(cell.label, element("div", { class: "layer" }, loaded(cell, view.row, "base")))));
  } else {
    const base = element("div", { class: "layer" }, loaded(second, view.row, "base"));
    const top = element("div", { class: "layer top" }, loaded(first, view.row, "top"));
    stage.replaceChildren(pane("", base, top));
    showPair();
  }
  fitStage();
};

const showPair = () => {
  const caption = stage.querySelector("figcaption");
  const [first, second] = [full[view.first], full[view.second]];
  caption.textContent = view.mode === "difference" ? `|${first.label} − ${second.label}|` : `${first.label} | ${second.label}`;
  if (view.mode === "flicker") {
    caption.textContent = first.label;
    byId("viewer-note").textContent = text("flip_hint");
    if (!still.matches) view.timer = setInterval(flip, FLIP_MS);
  }
  if (view.mode === "difference") {
    stage.style.setProperty("--gain", byId("gain").value);
    byId("viewer-note").textContent = text("difference_hint", { gain: localised(byId("gain").value) });
  }
};

const flip = () => {
  const top = stage.querySelector(".top");
  const away = top.classList.toggle("away");
  stage.querySelector("figcaption").textContent = full[away ? view.second : view.first].label;
};

// Frames as large as fit. Two pictures on one place are shown in whole multiples, so that pixels stay pixels.
const fitStage = () => {
  const panes = all(".pane", stage).length;
  if (!panes) return;
  const [width, height] = [stage.clientWidth - 24, stage.clientHeight - 24];
  let scale = 0;
  for (let across = 1; across <= panes; across++) {
    const down = Math.ceil(panes / across);
    const wide = (width - 12 * (across - 1)) / across / size.width;
    const high = ((height - 12 * (down - 1)) / down - 24) / size.height;
    scale = Math.max(scale, Math.min(wide, high));
  }
  const parts = view.mode === "side" ? 4 : 1;
  scale = scale >= 1 ? Math.floor(scale * parts) / parts : Math.max(scale, 0.05);
  view.scale = scale;
  stage.style.setProperty("--width", `${Math.round(size.width * scale)}px`);
  stage.style.setProperty("--height", `${Math.round(size.height * scale)}px`);
  moveTo(view.zoom, view.x, view.y);
};

// Zoom and place are kept from image to image and are the same in every frame.
const moveTo = (zoom, x, y) => {
  const [width, height] = [size.width * view.scale, size.height * view.scale];
  view.zoom = Math.min(32, Math.max(1, zoom));
  view.x = Math.min(0, Math.max(width * (1 - view.zoom), x));
  view.y = Math.min(0, Math.max(height * (1 - view.zoom), y));
  stage.style.setProperty("--zoom", view.zoom);
  stage.style.setProperty("--x", `${view.x}px`);
  stage.style.setProperty("--y", `${view.y}px`);
  stage.classList.toggle("sharp", view.zoom * view.scale >= 2);
  byId("fit").textContent = `${formatted(Math.round(100 * view.zoom * view.scale))}${digits[0] === "0" ? "%" : "٪"}`;
};

const zoomBy = (factor, at) => {
  const frame = stage.querySelector(".frame");
  if (!frame) return;
  const point = at || { x: frame.clientWidth / 2, y: frame.clientHeight / 2 };
  const zoom = Math.min(32, Math.max(1, view.zoom * factor));
  const by = zoom / view.zoom;
  moveTo(zoom, point.x - (point.x - view.x) * by, point.y - (point.y - view.y) * by);
};

const setShare = (share) => {
  const value = Math.min(100, Math.max(0, share));
  byId("share").value = value;
  stage.style.setProperty("--share", `${value}%`);
  stage.style.setProperty("--opacity", value / 100);
};

const showValues = () => {
  const parts = columns.map((column) => {
    const value = column.values[view.row];
    const shown = formatted(Number.isNaN(value) ? null : value, column.decimals, column.signed === true);
    return element("span", {}, `${column.label} `, element("b", { class: "n" }, shown), column.unit ? ` ${column.unit}` : "");
  });
  byId("viewer-values").replaceChildren(...parts);
};

const show = (row) => {
  view.row = row;
  const place = order.indexOf(row);
  byId("viewer-name").replaceChildren(element("bdi", { dir: "auto" }, data.names[row]));
  byId("viewer-place").textContent = place < 0 ? "" : text("place", { place: formatted(place + 1), all: formatted(order.length) });
  byId("previous").disabled = place <= 0;
  byId("next").disabled = place < 0 || place >= order.length - 1;
  showValues();
  byId("viewer-warnings").textContent = (data.notes?.[row] || []).join(" · ");
  drawStage();
};

const move = (by) => {
  const place = order.indexOf(view.row) + by;
  if (place < 0 || place >= order.length) return;
  history.replaceState(null, "", `#image=${encodeURIComponent(data.names[order[place]])}`);
  show(order[place]);
};

// The address is what decides: a link, Back and a click all end here.
const sync = (pushed) => {
  const row = hashImage();
  if (row < 0) return viewer.open && viewer.close();
  if (!viewer.open) {
    view.pushed = pushed;
    view.returnTo ||= document.activeElement;
    viewer.showModal();
    document.body.classList.add("viewing");
    byId("viewer-name").focus();
  }
  return show(row);
};

viewer.addEventListener("close", () => {
  clearInterval(view.timer);
  stage.replaceChildren();
  document.body.classList.remove("viewing");
  if (location.hash.startsWith("#image=")) {
    if (view.pushed) history.back();
    else history.replaceState(null, "", location.pathname + location.search);
  }
  const place = order.indexOf(view.row);
  const from = view.returnTo;
  view.returnTo = null;
  if (from && from !== document.body && from.isConnected && !scroller.contains(from)) from.focus();
  else if (place >= 0) goTo(place);
});

const setMode = (mode) => {
  view.mode = mode;
  document.querySelector(`[name="mode"][value="${mode}"]`).checked = true;
  drawStage();
};

const modes = all('[name="mode"]').map((radio) => radio.value);
let pointed = false; // a mode chosen by mouse gives the arrow keys back to the images
all(".segments label").forEach((label) => label.addEventListener("pointerdown", () => (pointed = true)));
all('[name="mode"]').forEach((radio) =>
  radio.addEventListener("change", () => {
    setMode(radio.value);
    if (pointed) byId("viewer-name").focus();
    pointed = false;
  }),
);

const options = (select, chosen) => {
  select.replaceChildren(...full.map((cell, place) => element("option", { value: place }, cell.label)));
  select.value = chosen;
};
const named = (id) => full.findIndex((cell) => cell.id === id);
view.first = Math.max(0, named(data.pair ? data.pair[0] : "output"));
view.second = Math.max(0, named(data.pair ? data.pair[1] : "target") >= 0 ? named(data.pair ? data.pair[1] : "target") : named("input"));
options(byId("first"), view.first);
options(byId("second"), view.second);
for (const end of ["first", "second"])
  byId(end).addEventListener("change", (event) => {
    view[end] = Number(event.target.value);
    drawStage();
  });
byId("swap").addEventListener("click", () => {
  [view.first, view.second] = [view.second, view.first];
  [byId("first").value, byId("second").value] = [view.first, view.second];
  drawStage();
});
byId("gain").addEventListener("change", showPair);
byId("share").addEventListener("input", (event) => setShare(Number(event.target.value)));
byId("previous").addEventListener("click", () => move(-1));
byId("next").addEventListener("click", () => move(1));
byId("close").addEventListener("click", () => viewer.close());
byId("link").addEventListener("click", () => copy(location.href, text("copied")));
byId("in").addEventListener("click", () => zoomBy(1.5));
byId("out").addEventListener("click", () => zoomBy(1 / 1.5));
byId("fit").addEventListener("click", () => moveTo(1, 0, 0));

const within = (event) => {
  const frame = event.target.closest(".frame") || stage.querySelector(".frame");
  const box = frame.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
};
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 400), within(event));
}, { passive: false });
const held = new Map(); // pointers down, for panning and pinching
let sliding = false;
stage.addEventListener("pointerdown", (event) => {
  if (!stage.querySelector(".frame")) return;
  stage.setPointerCapture(event.pointerId);
  held.set(event.pointerId, event);
  const at = within(event);
  const line = (Number(byId("share").value) / 100) * at.width;
  sliding = view.mode === "slider" && (view.zoom === 1 || Math.abs(at.x - line) < 24);
  if (sliding) setShare((100 * at.x) / at.width);
});
stage.addEventListener("pointermove", (event) => {
  const before = held.get(event.pointerId);
  if (!before) return;
  const other = [...held.values()].find((p) => p.pointerId !== event.pointerId);
  if (other) {
    const far = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
    zoomBy(far(event) / Math.max(1, far(before)));
  } else if (sliding) {
    const box = stage.querySelector(".frame").getBoundingClientRect();
    setShare((100 * (event.clientX - box.left)) / box.width);
  } else moveTo(view.zoom, view.x + event.clientX - before.clientX, view.y + event.clientY - before.clientY);
  held.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => held.delete(event.pointerId));

viewer.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const tag = event.target.tagName;
  const own = tag === "SELECT" || (tag === "INPUT" && event.key.startsWith("Arrow"));
  const [back, forth] = backwards ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  const keys = {
    [back]: () => move(-1),
    [forth]: () => move(1),
    k: () => move(-1),
    j: () => move(1),
    "+": () => zoomBy(1.5),
    "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5),
    0: () => moveTo(1, 0, 0),
    c: () => byId("link").click(),
    "?": () => byId("keys").showModal(),
  };
  modes.forEach((mode, place) => (keys[place + 1] = () => setMode(mode)));
  if (view.mode === "flicker" && tag !== "BUTTON")
    keys[" "] = () => {
      clearInterval(view.timer);
      flip();
    };
  if (own || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#image="]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // a link may go to a tab of its own
  event.preventDefault();
  openImage(places.get(decodeURIComponent(link.hash.slice("#image=".length))));
});
addEventListener("hashchange", () => sync(true));
addEventListener("resize", () => viewer.open && fitStage());
setShare(50);
sync(false);
