// What the network makes of the same pictures after each epoch: one epoch large, chosen by a slider, and a few small.
const THUMBS = 8;
const safeAddress = (address) => (typeof address === "string" && !/^[^/]*:/.test(address) ? encodeAddress(address) : null);
const encodeAddress = (address) => address.replace(/[%?#]/g, encodeURIComponent);

const setImage = (frame, address, alt) => {
  const safe = safeAddress(address);
  const picture = frame.querySelector("img");
  if (picture && picture.getAttribute("src") === safe) return picture.setAttribute("alt", alt);
  if (!safe) return frame.replaceChildren(element("span", { class: "clear" }, text("no_picture")));
  if (picture) {
    picture.setAttribute("src", safe);
    picture.setAttribute("alt", alt);
    picture.parentElement.setAttribute("href", safe);
    return undefined;
  }
  const made = element("img", { src: safe, alt, loading: "lazy", decoding: "async" });
  return frame.replaceChildren(element("a", { href: safe }, made));
};

const framed = (label) => {
  const frame = element("div", { class: "frame" });
  const said = element("figcaption", {}, label);
  return { whole: element("figure", { class: "shot" }, frame, said), frame, said };
};

// At most `THUMBS` of all, evenly, with the first and the last.
const thinned = (list) =>
  list.length <= THUMBS ? list : Array.from({ length: THUMBS }, (_, i) => list[Math.round((i * (list.length - 1)) / (THUMBS - 1))]);

const pictureSets = { rows: [], big: [], names: null, chosen: null, doc: null };
const networkName = (network) => (network === "G" ? "" : text(`network.${network}`));

const bigShots = (input) => {
  const kinds = ["input", "output", ...(input.target ? ["target"] : [])];
  const shots = Object.fromEntries(kinds.map((kind) => [kind, framed(text(`kind.${kind}`))]));
  return { shots, whole: element("div", { class: `trio of-${kinds.length}` }, ...kinds.map((kind) => shots[kind].whole)) };
};

const setShots = (shots, input, place, epoch) => {
  setImage(shots.input.frame, input.input, text("alt.input", { name: input.name }));
  if (shots.target) setImage(shots.target.frame, input.target, text("alt.target", { name: input.name }));
  const n = epoch ? formatted(epoch.epoch) : "–";
  shots.output.said.textContent = epoch ? text("at_epoch", { n }) : text("kind.output");
  setImage(shots.output.frame, epoch?.outputs[place], text("alt.output", { name: input.name, n }));
};

const buildSamples = (inputs) => {
  pictureSets.rows = [];
  const slider = element("input", { type: "range", id: "epoch", min: 0, step: 1 });
  const said = element("output", { for: "epoch", class: "n", id: "epoch-said" });
  const tools = element("div", { class: "epoch-tools screen-only" }, element("label", { for: "epoch" }, text("slider")), slider, said);
  slider.addEventListener("input", () => {
    const epochs = pictureSets.doc.samples.epochs;
    pictureSets.chosen = Number(slider.value) >= epochs.length - 1 ? null : epochs[Number(slider.value)].epoch;
    showChosen();
  });
  const rows = inputs.map((input) => {
    const big = bigShots(input);
    const thumbs = element("div", { class: "thumbs" });
    const title = [networkName(input.network), input.name].filter(Boolean);
    pictureSets.rows.push({ shots: big.shots, thumbs });
    return element("article", { class: "strip" }, element("h3", {}, ...title.map((part) => element("bdi", {}, part))), big.whole, thumbs);
  });
  byId("strips").replaceChildren(tools, ...rows);
  // The first picture of each network stands at the top of the page too.
  const first = inputs.map((input, place) => ({ input, place })).filter(({ input, place }) => inputs.findIndex((other) => other.network === input.network) === place);
  pictureSets.big = first.map(({ input, place }) => ({ place, ...bigShots(input) }));
  const heads = pictureSets.big.map(({ place, whole }) => {
    const caption = [networkName(inputs[place].network), inputs[place].name].filter(Boolean);
    return element("div", {}, whole, element("p", { class: "caption" }, ...caption.map((part) => element("bdi", {}, part))));
  });
  byId("newest").replaceChildren(...heads);
};

const showThumbs = (row, place, epochs) => {
  const wanted = thinned(epochs);
  wanted.forEach((epoch, i) => {
    let thumb = row.thumbs.children[i];
    if (!thumb) {
      thumb = element("button", { type: "button", class: "thumb" }, element("img", { loading: "lazy", decoding: "async", alt: "" }), element("span", { class: "n" }));
      thumb.addEventListener("click", () => {
        pictureSets.chosen = Number(thumb.dataset.epoch) === pictureSets.doc.samples.epochs.at(-1).epoch ? null : Number(thumb.dataset.epoch);
        showChosen();
      });
      row.thumbs.append(thumb);
    }
    thumb.dataset.epoch = epoch.epoch;
    thumb.setAttribute("aria-label", text("show_epoch", { n: formatted(epoch.epoch) }));
    const source = safeAddress(epoch.outputs[place]);
    const picture = thumb.querySelector("img");
    picture.hidden = !source;
    if (source && picture.getAttribute("src") !== source) picture.setAttribute("src", source);
    thumb.querySelector("span").textContent = formatted(epoch.epoch);
  });
  while (row.thumbs.children.length > wanted.length) row.thumbs.lastChild.remove();
};

const showChosen = () => {
  const { inputs, epochs } = pictureSets.doc.samples;
  const epoch = epochs.find((e) => e.epoch === pictureSets.chosen) || epochs.at(-1);
  const slider = byId("epoch");
  slider.max = Math.max(0, epochs.length - 1);
  slider.value = Math.max(0, epochs.indexOf(epoch));
  slider.disabled = epochs.length < 2;
  const n = epoch ? formatted(epoch.epoch) : "–";
  byId("epoch-said").textContent = n;
  slider.setAttribute("aria-valuetext", text("at_epoch", { n }));
  pictureSets.rows.forEach((row, place) => {
    setShots(row.shots, inputs[place], place, epoch);
    for (const thumb of row.thumbs.children) thumb.setAttribute("aria-pressed", Number(thumb.dataset.epoch) === epoch?.epoch);
  });
};

const showSamples = (doc) => {
  const { inputs, epochs } = doc.samples;
  pictureSets.doc = doc;
  byId("no-samples").hidden = epochs.length > 0;
  if (!inputs.length) return;
  const names = JSON.stringify(inputs);
  if (pictureSets.names !== names) {
    pictureSets.names = names;
    buildSamples(inputs);
  }
  pictureSets.rows.forEach((row, place) => showThumbs(row, place, epochs));
  for (const { place, shots } of pictureSets.big) setShots(shots, inputs[place], place, epochs.at(-1));
  showChosen();
};
