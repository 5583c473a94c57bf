// What the model makes of the drawing: always of the newest; its seed, samples, nearness, and what can be kept.
const what = { name: data.name, source: null, wanted: 0, drawn: 0, at: 0, busy: false };
const result = byId("result").getContext("2d");
const over = byId("over").getContext("2d");

const complain = (message) => {
  byId("problem").textContent = message;
  byId("problem").hidden = !message;
};
const attempt = async (deed) => {
  try {
    return await deed();
  } catch (error) {
    return complain(error.message);
  }
};
// A loaded picture keeps its name, a drawing gets one: the noise follows from it.
const named = (name, source = null) => {
  [what.name, what.source] = [name, source];
  byId("name").value = name;
  byId("added").hidden = true;
  complain("");
};
const renew = () => {
  named(data.name);
  if (byId("start")) byId("start").value = "";
  clear();
};

const seed = () => Number(byId("seed-typed")?.value || data.seed);
const several = () => Boolean(byId("samples")?.checked);

function changed() {
  what.wanted += 1;
  what.at = performance.now();
  delete byId("result").dataset.settled;
  work();
}

// One question under way; whatever changed meanwhile is asked of in the next one, its newest state alone.
const work = async () => {
  if (what.busy) return;
  what.busy = true;
  while (what.drawn !== what.wanted) {
    const [turn, at] = [what.wanted, what.at];
    const [pixels, name] = [held.data.slice(), what.name];
    const answer = await attempt(() => backend.draw(pixels, name, seed(), several()));
    what.drawn = turn;
    // A name that no file can have was drawn with one that it can: that one stands from now on.
    if (answer && answer.name !== name && what.name === name) named(answer.name, what.source);
    if (answer) show(answer, pixels, at);
    if (answer && turn === what.wanted && data.nearness) showNearness(await attempt(() => backend.near(pixels)));
  }
  what.busy = false;
  byId("result").dataset.settled = true;
};

const show = ({ drawn, spread }, pixels, at) => {
  result.drawImage(drawn[0], 0, 0);
  over.putImageData(new ImageData(pixels, width, height), 0, 0);
  byId("spread").hidden = !spread;
  if (spread) byId("strip").replaceChildren(...[...drawn, spread].map((picture) => canvasOf(picture)));
  const took = (performance.now() - at) / 1000;
  byId("result").dataset.took = took;
  byId("state").textContent = text("took", { seconds: formatted(took, 2) });
};

const showNearness = (near) => {
  byId("nearness").hidden = !near;
  if (!near) return;
  byId("near-verdict").textContent = text(`near.${near.verdict}`, { percentile: formatted(near.percentile) });
  const label = (name) => data.palette.find((entry) => entry.name === name).label;
  const said = ({ name, more, than, of }) => text(more ? "near.more" : "near.less", { name: label(name), than: formatted(than), of: formatted(of) });
  byId("near-classes").replaceChildren(...near.classes.map((rank) => element("li", {}, said(rank))));
  byId("near-reasons").replaceChildren(...near.reasons.map((reason) => element("li", {}, reason)));
};

const saved = async (canvas, name) => {
  const address = URL.createObjectURL(await pngOf(canvas));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};
const savePair = () => {
  const pair = element("canvas", { width: 2 * width, height });
  const halves = data.direction === "AtoB" ? [paper, byId("result")] : [byId("result"), paper];
  halves.forEach((half, place) => pair.getContext("2d").drawImage(half, place * width, 0));
  return saved(pair, `${what.name}-pair.png`);
};
const add = async () => {
  const told = await attempt(() => backend.add(held.data.slice(), what.name, seed(), what.source));
  if (!told) return;
  complain("");
  byId("added").hidden = false;
  byId("added-told").textContent = text("added", { name: what.name, count: formatted(told.count) });
  byId("added-command").textContent = told.command;
  data.name = told.next;
};

byId("save").addEventListener("click", () => saved(byId("result"), `${what.name}.png`));
byId("save-pair").addEventListener("click", savePair);
byId("add")?.addEventListener("click", add);
byId("clear").addEventListener("click", renew);
byId("overlay").addEventListener("input", ({ target }) => byId("over").style.setProperty("--overlay", target.value / 100));
byId("samples")?.addEventListener("change", changed);
byId("name").addEventListener("change", ({ target }) => {
  what.name = target.value.trim() || data.name;
  target.value = what.name;
  changed();
});
for (const [one, other] of [["seed", "seed-typed"], ["seed-typed", "seed"]]) {
  byId(one)?.addEventListener("input", ({ target }) => {
    byId(other).value = target.value;
    if (target.value !== "") changed();
  });
}

named(data.name);
sheet.pixels.fill(BLANK);
// What stood here before a reload or in the other language stands here again.
const KEPT = "harness-play";
addEventListener("pagehide", () => {
  stored(() => sessionStorage.setItem(KEPT, JSON.stringify({ ...what, size: data.size, picture: paper.toDataURL() })));
});
const kept = stored(() => JSON.parse(sessionStorage.getItem(KEPT)));
const first = data.starts.findIndex((start) => start.name === (data.picture || data.starts[0].name));
if (String(kept?.size) === String(data.size)) pictureAt(kept.picture).then((picture) => laid(canvasOf(picture), kept.name, kept.source));
else if (first < 0) shown();
else {
  byId("start").selectedIndex = first + 1; // after the blank paper
  begun(data.starts[first]).then(() => {
    past.length = 0; // what one begins with is no step
    byId("undo").disabled = true;
  });
}
