// One image large: side by side, slider, blend, flicker, difference; zoom and pan in step; a link to it.
const viewer = byId("viewer");
const stage = byId("stage");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const full = data.cells.filter((cell) => cell.folder && (!embedded || embedded.pictures[cell.id]));
const named = (id) => full.findIndex((cell) => cell.id === id);
const [above, below] = data.pair || ["output", "target"];
const view = {
  row: -1, mode: "side", zoom: 1, x: 0, y: 0, scale: 1, pushed: false, timer: 0, returnTo: null,
  first: Math.max(0, named(above)),
  second: named(below) >= 0 ? named(below) : named("input"),
};
const size = { width: 1, height: 1 }; // of the pictures shown, in their own pixels
const FLIP_MS = 500; // two changes a second, below the three flashes of WCAG 2.3.1

const limited = (value, low, high) => Math.min(high, Math.max(low, value));
const addressOf = (row) => addressWith(data.names[row]);

const openImage = (row) => {
  view.returnTo = document.activeElement;
  history.pushState(null, "", addressOf(row));
  sync(true);
};

const note = (said) => (byId("viewer-note").textContent = said);

// A picture in a layer of its own; `kind` is "base", which says how large the frame is, "top", which lies over it, or
// "fill", which fills it.
const layer = (cell, kind) => {
  const image = element("img", { class: kind, alt: text("alt", { kind: cell.label, name: data.names[view.row] }), draggable: "false" });
  image.addEventListener("load", () => {
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (width === size.width && height === size.height) return;
    const said = (w, h) => `${formatted(w)} × ${formatted(h)}`;
    if (kind === "top") note(text("unequal", { first: said(width, height), second: said(size.width, size.height) }));
    else if (kind === "base") {
      Object.assign(size, { width, height });
      fitStage();
    }
  });
  image.addEventListener("error", () => image.remove());
  image.src = pictureAddress(cell, view.row);
  return element("div", { class: kind === "top" ? "layer top" : "layer" }, image);
};

const pane = (label, ...layers) =>
  element("figure", { class: "pane" }, element("div", { class: "frame" }, ...layers), element("figcaption", {}, label));

const drawStage = () => {
  clearInterval(view.timer);
  const [first, second] = [full[view.first], full[view.second]];
  stage.className = `stage ${view.mode}`;
  const apart = ["side", "own"].includes(view.mode);
  byId("pair").hidden = apart;
  byId("gain-field").hidden = view.mode !== "difference";
  byId("share-field").hidden = !["slider", "blend"].includes(view.mode);
  byId("share-first").textContent = first.label;
  byId("share-second").textContent = second.label;
  note("");
  if (!pictureAddress(full[0], view.row)) return stage.replaceChildren(element("p", {}, text("not_inside")));
  stage.style.setProperty("--inset", data.insets?.[view.row] || 0);
  if (apart) {
    const there = full.filter((cell) => (cell.place === null) === (view.mode === "own") && pictureAddress(cell, view.row));
    stage.replaceChildren(...there.map((cell) => pane(cell.label, layer(cell, cell.id === "source" ? "fill" : "base"))));
  } else {
    stage.replaceChildren(pane("", layer(second, "base"), layer(first, "top")));
    showPair();
  }
  return fitStage();
};

const caption = (said) => (stage.querySelector("figcaption").textContent = said);

const showPair = () => {
  const [first, second] = [full[view.first].label, full[view.second].label];
  caption({ flicker: first, difference: `|${first} − ${second}|` }[view.mode] || `${first} | ${second}`);
  if (view.mode === "flicker") {
    note(text("flip_hint"));
    if (!still.matches) view.timer = setInterval(flip, FLIP_MS);
  }
  if (view.mode === "difference") {
    stage.style.setProperty("--gain", byId("gain").value);
    note(text("difference_hint", { gain: localised(byId("gain").value) }));
  }
};

const flip = () => caption(full[stage.querySelector(".top").classList.toggle("away") ? view.second : view.first].label);

const flipByHand = () => {
  clearInterval(view.timer);
  flip();
};

// Frames as large as fit. Two pictures on one place are shown in whole multiples, so that pixels stay pixels.
const fitStage = () => {
  const panes = all(".pane", stage).length;
  if (!panes) return;
  const [width, height] = [stage.clientWidth - 24, stage.clientHeight - 24];
  const scales = Array.from({ length: panes }, (_, i) => {
    const [across, down] = [i + 1, Math.ceil(panes / (i + 1))];
    return Math.min((width - 12 * (across - 1)) / across / size.width, ((height - 12 * (down - 1)) / down - 24) / size.height);
  });
  const parts = ["side", "own"].includes(view.mode) ? 4 : 1;
  const scale = Math.max(...scales, 0);
  view.scale = scale >= 1 ? Math.floor(scale * parts) / parts : Math.max(scale, 0.05);
  for (const side of ["width", "height"]) stage.style.setProperty(`--${side}`, `${Math.round(size[side] * view.scale)}px`);
  moveTo(view.zoom, view.x, view.y);
};

// Zoom and place are kept from image to image and are the same in every frame.
const moveTo = (zoom, x, y) => {
  view.zoom = limited(zoom, 1, 32);
  view.x = limited(x, size.width * view.scale * (1 - view.zoom), 0);
  view.y = limited(y, size.height * view.scale * (1 - view.zoom), 0);
  stage.style.setProperty("--zoom", view.zoom);
  stage.style.setProperty("--x", `${view.x}px`);
  stage.style.setProperty("--y", `${view.y}px`);
  stage.classList.toggle("sharp", view.zoom * view.scale >= 2);
  byId("fit").textContent = percent(view.zoom * view.scale);
};

const zoomBy = (factor, at) => {
  const frame = stage.querySelector(".frame");
  if (!frame) return;
  const point = at || { x: frame.clientWidth / 2, y: frame.clientHeight / 2 };
  const zoom = limited(view.zoom * factor, 1, 32);
  const by = zoom / view.zoom;
  moveTo(zoom, point.x - (point.x - view.x) * by, point.y - (point.y - view.y) * by);
};

const setShare = (share) => {
  const value = limited(share, 0, 100);
  byId("share").value = value;
  stage.style.setProperty("--share", `${value}%`);
  stage.style.setProperty("--opacity", value / 100);
};

const show = (row) => {
  view.row = row;
  const place = order.indexOf(row);
  byId("viewer-name").replaceChildren(bdi(data.names[row]));
  byId("viewer-place").textContent = place < 0 ? "" : text("place", { place: formatted(place + 1), all: formatted(order.length) });
  byId("previous").disabled = place <= 0;
  byId("next").disabled = place < 0 || place >= order.length - 1;
  const values = columns.map((column) => element("span", {}, `${column.label} `, told("b", column, row), column.unit ? ` ${column.unit}` : ""));
  byId("viewer-values").replaceChildren(...values);
  byId("viewer-warnings").textContent = (data.notes?.[row] || []).join(" · ");
  drawStage();
};

const move = (by) => {
  const row = order[order.indexOf(view.row) + by];
  if (row === undefined) return;
  history.replaceState(null, "", addressOf(row));
  show(row);
};

// The address is what decides: a link, Back and a click all end here.
const sync = (pushed) => {
  const row = places.get(hashParts().get("image")) ?? -1;
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
  if (hashParts().has("image")) {
    if (view.pushed) history.back();
    else history.replaceState(null, "", addressWith(null));
  }
  const place = order.indexOf(view.row);
  const from = view.returnTo;
  view.returnTo = null;
  if (from && from !== document.body && from.isConnected && !scroller.contains(from)) from.focus();
  else if (place >= 0) goTo(place);
});

const modes = all('[name="mode"]');
const setMode = (radio) => {
  view.mode = radio.value;
  radio.checked = true;
  drawStage();
};
let pointed = false; // a mode chosen by mouse gives the arrow keys back to the images
all(".segments label").forEach((label) => label.addEventListener("pointerdown", () => (pointed = true)));
modes.forEach((radio) =>
  radio.addEventListener("change", () => {
    setMode(radio);
    if (pointed) byId("viewer-name").focus();
    pointed = false;
  }),
);

byId("play").hidden = !data.play; // of two runs neither is the one to play
for (const end of ["first", "second"]) {
  byId(end).replaceChildren(...full.map((cell, place) => element("option", { value: place }, cell.label)));
  byId(end).value = view[end];
  byId(end).addEventListener("change", (event) => {
    view[end] = Number(event.target.value);
    drawStage();
  });
}
byId("gain").addEventListener("change", showPair);
byId("share").addEventListener("input", (event) => setShare(Number(event.target.value)));
const clicks = {
  swap: () => {
    [view.first, view.second] = [view.second, view.first];
    [byId("first").value, byId("second").value] = [view.first, view.second];
    drawStage();
  },
  previous: () => move(-1),
  next: () => move(1),
  close: () => viewer.close(),
  link: () => copy(location.href, text("copied")),
  play: () => copy(`${data.play} ${quoted(data.names[view.row])}`, text("play_copied")),
  in: () => zoomBy(1.5),
  out: () => zoomBy(1 / 1.5),
  fit: () => moveTo(1, 0, 0),
};
for (const [id, click] of Object.entries(clicks)) byId(id).addEventListener("click", click);

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
  const at = within(event); // a captured pointer's target is the stage
  if (other) {
    const far = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
    zoomBy(far(event) / Math.max(1, far(before)));
  } else if (sliding) setShare((100 * at.x) / at.width);
  else moveTo(view.zoom, view.x + event.clientX - before.clientX, view.y + event.clientY - before.clientY);
  held.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => held.delete(event.pointerId));

const [back, forth] = document.documentElement.dir === "rtl" ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
onKeys(viewer, ({ key, target }) => {
  if (target.tagName === "SELECT" || (target.tagName === "INPUT" && key.startsWith("Arrow"))) return {};
  return {
    [back]: clicks.previous,
    [forth]: clicks.next,
    k: clicks.previous,
    j: clicks.next,
    "+": clicks.in,
    "=": clicks.in,
    "-": clicks.out,
    0: clicks.fit,
    c: clicks.link,
    "?": () => byId("keys").showModal(),
    ...Object.fromEntries(modes.map((radio, place) => [place + 1, () => setMode(radio)])),
    ...(view.mode === "flicker" && target.tagName !== "BUTTON" ? { " ": flipByHand } : {}),
  };
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#image="]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // a link may go to a tab of its own
  event.preventDefault();
  openImage(places.get(decodeURIComponent(link.hash.slice("#image=".length))));
});
addEventListener("hashchange", () => {
  const before = String(listParts());
  restore();
  if (String(listParts()) !== before) update();
  sync(true);
});
addEventListener("resize", () => viewer.open && fitStage());
setShare(50);
sync(false);
