// The paper: tools by mouse, pen, finger and keys; what was done can be undone; zoom and pan.
const [width, height] = data.size;
const paper = byId("paper");
const ink = paper.getContext("2d", { willReadFrequently: true });
const held = ink.createImageData(width, height);
const sheet = { width, height, pixels: new Uint32Array(held.data.buffer) };
const BLANK = colourOf(data.palette[0]?.colour || "#ffffff");
const MOST_STEPS = Math.max(10, Math.floor((64 << 20) / (width * height * 4))); // 64 MB of undone drawings
const past = [];
const future = [];
const hand = { stroke: null, pinch: null, zoom: 1, x: width >> 1, y: height >> 1 };
const fingers = new Map();
document.documentElement.style.setProperty("--shape", `${width} / ${height}`);

const tool = () => document.querySelector('[name="tool"]:checked').value;
const chosen = () => colourOf(byId("colour")?.value || document.querySelector('[name="class"]:checked').value);
const breadth = () => Number(byId("width").value);
all("[data-colour]").forEach((swatch) => (swatch.style.background = swatch.dataset.colour));

const shown = () => {
  ink.putImageData(held, 0, 0);
  byId("undo").disabled = !past.length;
  byId("redo").disabled = !future.length;
  changed();
};

// What stood before becomes a step that can be undone, if anything is different now.
const done = (before) => {
  if (before.some((colour, at) => colour !== sheet.pixels[at])) {
    past.push(before);
    if (past.length > MOST_STEPS) past.shift();
    future.length = 0;
  }
  shown();
};
const step = (from, to) => {
  if (!from.length || hand.stroke) return;
  to.push(sheet.pixels.slice());
  sheet.pixels.set(from.pop());
  shown();
};
const undo = () => step(past, future);
const redo = () => step(future, past);
const replaced = (pixels) => {
  const before = sheet.pixels.slice();
  sheet.pixels.set(pixels);
  done(before);
};
const clear = () => replaced(new Uint32Array(width * height).fill(BLANK));

const pick = (at) => {
  const hex = hexOf(sheet.pixels[at[1] * width + at[0]]);
  if (byId("colour")) byId("colour").value = hex;
  else for (const radio of all('[name="class"]')) if (radio.value === hex) radio.checked = true;
};

const begin = (at, picking = false) => {
  if (picking || tool() === "pick") return pick(at);
  const before = sheet.pixels.slice();
  if (tool() === "fill") {
    flood(sheet, ...at, chosen());
    return done(before);
  }
  hand.stroke = { before, from: at, last: at };
  return extend(at);
};
const extend = (at) => {
  const { before, from, last } = hand.stroke;
  if (tool() === "brush") line(sheet, last, at, breadth(), chosen());
  else {
    sheet.pixels.set(before);
    if (tool() === "line") line(sheet, from, at, breadth(), chosen());
    else rectangle(sheet, from, at, chosen());
  }
  hand.stroke.last = at;
};
const end = (kept) => {
  if (!hand.stroke) return;
  const { before } = hand.stroke;
  hand.stroke = null;
  if (!kept) sheet.pixels.set(before);
  done(before);
};

const limited = (value, low, high) => Math.min(high, Math.max(low, value));
const placeOf = (event) => {
  const box = paper.getBoundingClientRect();
  return [Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height)];
};
const within = ([x, y]) => [limited(x, 0, width - 1), limited(y, 0, height - 1)];

const zoomTo = (zoom, at) => {
  const board = byId("board");
  const box = board.getBoundingClientRect();
  const point = at || { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const by = limited(zoom, 1, 16) / hand.zoom;
  const [x, y] = [board.scrollLeft + point.x - box.left, board.scrollTop + point.y - box.top];
  hand.zoom *= by;
  byId("sheet").style.setProperty("--zoom", hand.zoom);
  board.scrollTo({ left: x * by - (point.x - box.left), top: y * by - (point.y - box.top), behavior: "instant" });
  byId("fit").textContent = percent(hand.zoom);
};
const pinched = () => {
  const [a, b] = [...fingers.values()];
  return { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2, apart: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)) };
};

paper.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  paper.focus({ preventScroll: true });
  byId("caret").hidden = true;
  paper.setPointerCapture(event.pointerId);
  if (event.pointerType === "touch") fingers.set(event.pointerId, event);
  if (fingers.size === 2) {
    end(false); // the second finger means the view, not the drawing
    hand.pinch = pinched();
  } else if (fingers.size < 2 && !hand.stroke) {
    begin(within(placeOf(event)), event.altKey);
    if (hand.stroke) hand.stroke.pointer = event.pointerId;
    shown();
  }
});
paper.addEventListener("pointermove", (event) => {
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (hand.pinch && fingers.size === 2) {
    const now = pinched();
    zoomTo(hand.zoom * (now.apart / hand.pinch.apart), now);
    byId("board").scrollBy({ left: hand.pinch.x - now.x, top: hand.pinch.y - now.y, behavior: "instant" });
    hand.pinch = now;
  } else if (hand.stroke?.pointer === event.pointerId) {
    // A brush may leave the paper and come back; every point between two frames counts.
    for (const point of event.getCoalescedEvents?.() || []) extend(placeOf(point));
    extend(placeOf(event));
    shown();
  }
});
for (const name of ["pointerup", "pointercancel"]) {
  paper.addEventListener(name, (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size < 2) hand.pinch = null;
    if (hand.stroke?.pointer === event.pointerId) end(name === "pointerup");
  });
}
byId("board").addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return; // the page scrolls as anywhere
  event.preventDefault();
  zoomTo(hand.zoom * Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
}, { passive: false });

// By keys: arrows move a point, space puts it down and lifts it.
const moved = (x, y, far) => () => {
  [hand.x, hand.y] = within([hand.x + x * far, hand.y + y * far]);
  if (hand.stroke) {
    extend([hand.x, hand.y]);
    shown();
  }
  point();
};
const point = () => {
  const caret = byId("caret");
  caret.hidden = false;
  caret.style.left = `${((hand.x + 0.5) / width) * 100}%`;
  caret.style.top = `${((hand.y + 0.5) / height) * 100}%`;
  caret.classList.toggle("down", Boolean(hand.stroke));
};
const press = () => {
  if (hand.stroke) end(true);
  else begin([hand.x, hand.y]);
  shown();
  point();
};
onKeys(paper, ({ shiftKey }) => {
  const far = shiftKey ? 16 : 2;
  return { ArrowLeft: moved(-1, 0, far), ArrowRight: moved(1, 0, far), ArrowUp: moved(0, -1, far), ArrowDown: moved(0, 1, far), " ": press, Escape: () => end(false) };
});

const choose = (name, place) => () => all(`[name="${name}"]`)[place]?.click();
onKeys(document, ({ target }) => {
  if (target.matches("input:not([type=radio], [type=range], [type=checkbox]), select") || document.querySelector("dialog[open]")) return {};
  const tools = Object.fromEntries(["b", "r", "l", "f", "i"].map((key, place) => [key, choose("tool", place)]));
  const classes = Object.fromEntries(data.palette.concat([0, 0]).slice(0, 9).map((_, place) => [place + 1, choose("class", place)]));
  const wider = (by) => () => { byId("width").value = breadth() + by; told(); };
  return { ...tools, ...classes, "[": wider(-1), "]": wider(1), "+": () => zoomTo(hand.zoom * 1.5), "-": () => zoomTo(hand.zoom / 1.5), 0: () => zoomTo(1) };
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches("input[type=text], input[type=number]")) return;
  const deed = { z: event.shiftKey ? redo : undo, y: redo }[event.key.toLowerCase()];
  if (!deed) return;
  event.preventDefault();
  deed();
});

const told = () => (byId("width-told").textContent = formatted(breadth()));
byId("width").addEventListener("input", told);
// Lines as thin as those it was trained on; what rubs them out is broader.
if (data.kind === "edges") {
  all('[name="class"]').forEach((radio) => radio.addEventListener("change", () => {
    byId("width").value = radio.value === "#ffffff" ? 12 : 1;
    told();
  }));
}
for (const [id, deed] of Object.entries({ undo, redo, in: () => zoomTo(hand.zoom * 1.5), out: () => zoomTo(hand.zoom / 1.5), fit: () => zoomTo(1) })) byId(id).addEventListener("click", deed);
told();
zoomTo(1);
