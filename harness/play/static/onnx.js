// Who draws: the generator itself, computed in this browser.
const area = width * height;

const brought = async (name) => {
  const answer = await fetch(name).catch(() => null);
  if (!answer?.ok) throw new Error(text(location.protocol === "file:" ? "from_disk" : "no_part", { name }));
  return answer;
};
const fetched = async (name) => {
  const parts = [];
  for (const reader = (await brought(name)).body.getReader(); ; ) {
    const { done: over, value } = await reader.read();
    if (over) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
    byId("loading").value += value.length / data.bytes;
  }
};
const load = async () => {
  if (typeof WebAssembly === "undefined") throw new Error(text("no_wasm"));
  byId("loading").hidden = false;
  byId("state").textContent = text("loading", { size: formatted(data.bytes / 1e6) });
  const [model, wasm] = await Promise.all([fetched(data.model), fetched(data.wasm)]);
  const ort = await import(new URL(data.script, location.href).href);
  ort.env.wasm.wasmBinary = wasm.buffer;
  // Threads need a page that shares no process with others: the server must say so.
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  return { ort, session: await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }) };
};
const ready = load().finally(() => (byId("loading").hidden = true));
ready.catch(() => {}); // told where a drawing waits for it

// ToTensor and Normalize(0.5, 0.5) in their order, each rounded to 32 bits as torch rounds it.
const LEVELS = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(Math.fround(v / 255) - 0.5) / 0.5));
const inputOf = (pixels) => {
  const values = new Float32Array(data.channels[0] * area); // (C, H, W)
  for (let at = 0; at < area; at++) {
    const [r, g, b] = [pixels[4 * at], pixels[4 * at + 1], pixels[4 * at + 2]];
    if (data.channels[0] === 1) values[at] = LEVELS[(r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16]; // Pillow's luma
    else [r, g, b].forEach((level, channel) => (values[channel * area + at] = LEVELS[level]));
  }
  return values;
};
const canvasBy = (level) => {
  const image = new ImageData(width, height);
  for (let at = 0; at < area; at++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * at + channel] = level(at, channel);
    image.data[4 * at + 3] = 255;
  }
  const made = element("canvas", { width, height });
  made.getContext("2d").putImageData(image, 0, 0);
  return made;
};
const channelOf = (channel) => (data.channels[1] === 1 ? 0 : channel);
// (x + 1) / 2 · 255 in 32 bits, cut off and not rounded, as upstream saves pictures.
const pictureOf = (values) => canvasBy((at, channel) => Math.trunc(Math.fround((Math.fround(values[channelOf(channel) * area + at] + 1) / 2) * 255)));
// The standard deviation over the samples, its mean over the channels, in levels of 255.
const spreadOf = (draws) => {
  const spread = new Float32Array(area);
  draws[0].forEach((_, place) => {
    const mean = draws.reduce((sum, draw) => sum + draw[place], 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw[place] - mean) ** 2, 0) / draws.length;
    spread[place % area] += (Math.sqrt(variance) * 127.5) / data.channels[1];
  });
  return canvasBy((at) => Math.round(spread[at] * data.spread_scale));
};

const known = new Map(); // masks of the seed and name at hand
const masksOf = (seed, name) => {
  const key = `${seed}:${name}`;
  if (!known.has(key)) {
    if (known.size >= 4) known.clear();
    known.set(key, drawMasks(imageSeed(seed, name), data.masks));
  }
  return known.get(key);
};

const backend = {
  async draw(pixels, name, seed, several) {
    const { ort, session } = await ready;
    const input = new ort.Tensor("float32", inputOf(pixels), [1, data.channels[0], height, width]);
    const draws = [];
    for (let sample = 0; sample < (several ? 4 : 1); sample++) {
      const masks = masksOf(seed, sample ? `${name}#${sample}` : name);
      const feeds = Object.fromEntries(masks.map((mask, at) => [`mask_${at + 1}`, new ort.Tensor("float32", mask, [1, ...data.masks[at]])]));
      draws.push((await session.run({ input, ...feeds })).output.data);
    }
    return { name, drawn: draws.map(pictureOf), spread: several ? spreadOf(draws) : null };
  },
  // Label maps without mixing, each pixel of the nearest class; all else smoothly.
  async bring(canvas) {
    const made = canvasOf(canvas, [0, 0, canvas.width, canvas.height], [width, height]);
    if (!data.palette.length) return { picture: made, notes: [] };
    const classes = data.palette.map((entry) => colourOf(entry.colour));
    const apart = (a, b) => [0, 8, 16].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);
    const snapped = pixelsOf(made).map((colour) => classes.reduce((best, one) => (apart(one, colour) < apart(best, colour) ? one : best)));
    made.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(snapped.buffer), width, height), 0, 0);
    return { picture: made, notes: [] };
  },
  start: async ({ name }) => createImageBitmap(await (await brought(`pictures/${encodeURIComponent(name)}.png`)).blob()),
};
