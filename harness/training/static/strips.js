// What the network makes of the same pictures after each epoch: one epoch large, chosen by a slider, and a few small.
const THUMBS = 8;
const safeAddress = (address) =>
  typeof address === "string" && !/^[^/]*:/.test(address) ? address.replace(/[%?#]/g, encodeURIComponent) : null;

// A picture changes its address in place: nothing a reader holds is replaced.
const setImage = (frame, address, alt) => {
  const safe = safeAddress(address);
  const picture = frame.querySelector("img");
  if (!safe) return frame.replaceChildren(element("span", { class: "clear" }, text("no_picture")));
  if (!picture) return frame.replaceChildren(element("a", { href: safe }, element("img", { src: safe, alt, loading: "lazy", decoding: "async" })));
  if (picture.getAttribute("src") !== safe) picture.setAttribute("src", safe);
  picture.parentElement.setAttribute("href", safe);
  return picture.setAttribute("alt", alt);
};

// At most `THUMBS` of all, evenly, with the first and the last.
const thinned = (list) =>
  list.length <= THUMBS ? list : Array.from({ length: THUMBS }, (_, i) => list[Math.round((i * (list.length - 1)) / (THUMBS - 1))]);

const samples = { rows: [], big: [], told: null, chosen: null, doc: null };

// Input, output and, where there is one, target beside each other.
const bigShots = (input) => {
  const kinds = ["input", "output", ...(input.target ? ["target"] : [])];
  const shots = { whole: element("div", { class: `trio of-${kinds.length}` }) };
  for (const kind of kinds) {
    const [frame, said] = [element("div", { class: "frame" }), element("figcaption", {}, text(`kind.${kind}`))];
    shots[kind] = { frame, said };
    shots.whole.append(element("figure", { class: "shot" }, frame, said));
  }
  return shots;
};

const setShots = (shots, { name, input, target }, output, said, alt) => {
  setImage(shots.input.frame, input, text("alt.input", { name }));
  if (shots.target) setImage(shots.target.frame, target, text("alt.target", { name }));
  setImage(shots.output.frame, output, alt);
  shots.output.said.textContent = said;
};

const setEpoch = (shots, input, place, epoch) => {
  const n = epoch ? formatted(epoch.epoch) : "–";
  const said = epoch ? text("at_epoch", { n }) : text("kind.output");
  setShots(shots, input, epoch?.outputs[place], said, text("alt.output", { name: input.name, n }));
};

// The newest is followed as it changes; any other epoch stays.
const choose = (epoch) => {
  samples.chosen = epoch === samples.doc.samples.epochs.at(-1).epoch ? null : epoch;
  showChosen();
};

const buildSamples = (inputs) => {
  const slider = element("input", { type: "range", id: "epoch", min: 0, step: 1 });
  const said = element("output", { for: "epoch", class: "n", id: "epoch-said" });
  const tools = element("div", { class: "epoch-tools screen-only" }, element("label", { for: "epoch" }, text("slider")), slider, said);
  slider.addEventListener("input", () => choose(samples.doc.samples.epochs[Number(slider.value)].epoch));
  const titleOf = ({ network, name }) =>
    [network === "G" ? "" : text(`network.${network}`), name].filter(Boolean).map((part) => element("bdi", {}, part));
  samples.rows = inputs.map((input) => ({ shots: bigShots(input), thumbs: element("div", { class: "thumbs" }) }));
  const rows = samples.rows.map(({ shots, thumbs }, place) =>
    element("article", { class: "strip" }, element("h3", {}, ...titleOf(inputs[place])), shots.whole, thumbs));
  byId("strips").replaceChildren(tools, ...rows);
  // The first picture of each network stands at the top of the page too.
  const first = [...inputs.keys()].filter((place) => inputs.findIndex(({ network }) => network === inputs[place].network) === place);
  samples.big = first.map((place) => ({ place, shots: bigShots(inputs[place]) }));
  const heads = samples.big.map(({ place, shots }) => element("div", {}, shots.whole, element("p", { class: "caption" }, ...titleOf(inputs[place]))));
  byId("newest").replaceChildren(...heads);
};

const newThumb = () => {
  const picture = element("img", { loading: "lazy", decoding: "async", alt: "" });
  const thumb = element("button", { type: "button", class: "thumb" }, picture, element("span", { class: "n" }));
  thumb.addEventListener("click", () => choose(Number(thumb.dataset.epoch)));
  return thumb;
};

const showThumbs = ({ thumbs }, place, epochs) => {
  const wanted = thinned(epochs);
  while (thumbs.children.length < wanted.length) thumbs.append(newThumb());
  while (thumbs.children.length > wanted.length) thumbs.lastChild.remove();
  wanted.forEach(({ epoch, outputs }, i) => {
    const thumb = thumbs.children[i];
    const [picture, said] = thumb.children;
    const source = safeAddress(outputs[place]);
    thumb.dataset.epoch = epoch;
    thumb.setAttribute("aria-label", text("show_epoch", { n: formatted(epoch) }));
    picture.hidden = !source;
    if (source && picture.getAttribute("src") !== source) picture.setAttribute("src", source);
    said.textContent = formatted(epoch);
  });
};

const showChosen = () => {
  const { inputs, epochs } = samples.doc.samples;
  const epoch = epochs.find((e) => e.epoch === samples.chosen) || epochs.at(-1);
  const slider = byId("epoch");
  slider.max = Math.max(0, epochs.length - 1);
  slider.value = Math.max(0, epochs.indexOf(epoch));
  slider.disabled = epochs.length < 2;
  const n = epoch ? formatted(epoch.epoch) : "–";
  byId("epoch-said").textContent = n;
  slider.setAttribute("aria-valuetext", text("at_epoch", { n }));
  samples.rows.forEach(({ shots, thumbs }, place) => {
    setEpoch(shots, inputs[place], place, epoch);
    for (const thumb of thumbs.children) thumb.setAttribute("aria-pressed", Number(thumb.dataset.epoch) === epoch?.epoch);
  });
};

const showSamples = (doc) => {
  const { inputs, epochs } = doc.samples;
  samples.doc = doc;
  byId("no-samples").hidden = epochs.length > 0;
  if (!inputs.length) return;
  const told = JSON.stringify(inputs);
  if (samples.told !== told) buildSamples(inputs);
  samples.told = told;
  samples.rows.forEach((row, place) => showThumbs(row, place, epochs));
  for (const { place, shots } of samples.big) setEpoch(shots, inputs[place], place, epochs.at(-1));
  showChosen();
};
