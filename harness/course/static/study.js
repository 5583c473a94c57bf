// One participant's way through a study: practice with an answer, the trials without, a file to send at the end.
const inDigits = (value) => String(value).replace(/\d/g, (d) => data.languages[lang].digits[d]);
const other = () => Object.keys(data.words).find((code) => code !== lang);
const SIDES = ["left", "right"];
let lang = data.lang;
let results = [];
let place = 0;
let answerable = 0; // when the question came, in milliseconds; 0 while nothing is asked
let refresh = 1000 / 60; // milliseconds a frame, measured before the first trial

const frame = () => new Promise(requestAnimationFrame);

const speak = () => {
  data.strings = data.words[lang];
  document.documentElement.lang = lang;
  document.documentElement.dir = data.languages[lang].dir;
  all("[data-t]").forEach((node) => (node.textContent = text(node.dataset.t)));
  document.title = text("title");
  byId("language").hidden = !other();
  byId("language").textContent = data.words[other()]?.language || "";
  byId("language").lang = other() || lang;
  if (pairs.length) count();
};

byId("language").addEventListener("click", () => {
  lang = other();
  speak();
});

// Practice comes first; the trials' order is each participant's own.
const shuffled = (list) => {
  const left = [...list];
  const mixed = [];
  while (left.length) mixed.push(...left.splice(crypto.getRandomValues(new Uint32Array(1))[0] % left.length, 1));
  return mixed;
};
const pairs = [...data.practice, ...shuffled(data.trials)];
const practising = () => place < data.practice.length;
const count = () => {
  const [of, at] = practising()
    ? [data.practice.length, place + 1]
    : [data.trials.length, place - data.practice.length + 1];
  byId("counter").textContent = text(practising() ? "practice" : "trial", { at: inDigits(at), of: inDigits(of) });
};

const measureRefresh = async () => {
  const times = [];
  for (let n = 0; n < 20; n++) times.push(await frame());
  const steps = times.slice(1).map((time, n) => time - times[n]).sort((a, b) => a - b);
  refresh = steps[Math.floor(steps.length / 2)] || refresh;
};

const picture = async (src) => {
  const made = element("img", { src, alt: "" });
  await made.decode(); // what is not decoded would appear late
  return made;
};

const show = async () => {
  const pair = pairs[place];
  answerable = 0;
  for (const id of ["question", "answers", "next"]) byId(id).hidden = true;
  byId("feedback").textContent = "";
  count();
  await Promise.all(SIDES.map(async (side) => byId(side).replaceChildren(await picture(pair[side]))));
  await frame(); // laid out and rasterised, still invisible
  // What changes in a frame's callback is on the screen with its paint: from this frame to the one that hides them.
  const shown = await frame();
  byId("pair").classList.add("shown");
  let now = shown;
  // A frame too few or one too many is as likely: end at the frame nearest to the exposure asked for.
  while (now - shown < data.exposure_ms - refresh / 2) now = await frame();
  byId("pair").classList.remove("shown");
  for (const side of SIDES) byId(side).replaceChildren();
  pair.exposure_ms = now - shown;
  byId("question").hidden = byId("answers").hidden = false;
  answerable = performance.now();
};

const answer = (side) => {
  if (!answerable) return;
  const pair = pairs[place];
  const rt_ms = Math.round(performance.now() - answerable);
  answerable = 0;
  if (practising()) {
    const right = side === pair.real;
    byId("feedback").className = right ? "right" : "wrong";
    byId("feedback").textContent = text(right ? "correct" : "mistaken");
  } else {
    results.push({ trial: pair.id, answer: side, rt_ms, exposure_ms: Math.round(pair.exposure_ms * 100) / 100 });
  }
  place += 1;
  byId("answers").hidden = true;
  if (place === pairs.length) return finish();
  if (place === data.practice.length) byId("feedback").textContent += ` ${text("practice_over")}`;
  byId("next").hidden = false;
  byId("next").focus();
};

const finish = () => {
  const told = JSON.stringify({
    format: 1, study: data.study, participant: byId("who").value.trim(), lang, finished: new Date().toISOString(),
    exposure_asked_ms: data.exposure_ms, frame_ms: Math.round(refresh * 100) / 100,
    screen: `${screen.width}x${screen.height}@${devicePixelRatio}`, trials: results,
  }, null, 1);
  byId("result").textContent = told;
  byId("save").href = URL.createObjectURL(new Blob([told], { type: "application/json" }));
  byId("save").download = `study-${data.study}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(16)}.json`;
  byId("trial").hidden = true;
  byId("end").hidden = false;
  byId("save").focus();
};

byId("begin").addEventListener("click", async () => {
  byId("welcome").hidden = true;
  byId("trial").hidden = false;
  await measureRefresh();
  show();
});
byId("next").addEventListener("click", show);
all("[data-side]").forEach((button) => button.addEventListener("click", () => answer(button.dataset.side)));
onKeys(document, () => (answerable ? { ArrowLeft: () => answer("left"), ArrowRight: () => answer("right") } : {}));
speak();
