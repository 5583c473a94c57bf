// The header, and asking for news: a page from disk may load scripts, so progress comes as one.
const EVERY_MS = 2000;
const SILENT_MS = 60000;
const OVER = new Set(["finished", "interrupted", "failed"]);
let current = data.document;

const ticked = (said) => String(said).split("`").map((part, i) => (i % 2 ? element("code", { dir: "ltr" }, part) : part));

// Shows parts where what they say has changed since; a reader's selection and a screen reader's place stay otherwise.
const tell = (node, said, parts) => {
  if (node.dataset.said === said) return;
  node.dataset.said = said;
  node.replaceChildren(...parts);
};

const moment = (iso) => {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return String(iso);
  return new Intl.DateTimeFormat(`${data.lang}-u-ca-gregory`, { dateStyle: "medium", timeStyle: "short" }).format(date);
};

const duration = (seconds) => {
  if (!isNumber(seconds)) return "–";
  if (seconds < 60) return text("time.s", { n: formatted(Math.round(seconds)) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return text("time.m", { n: formatted(minutes) });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return text("time.hm", { h: formatted(hours), m: formatted(minutes % 60) });
  return text("time.dh", { d: formatted(Math.floor(hours / 24)), h: formatted(hours % 24) });
};

const showTiles = (doc) => {
  const running = doc.state === "running" && !isSilent();
  const of = (n, all) => (all ? text("of", { n: formatted(n), all: formatted(all) }) : "–");
  const speed = doc.images_per_second;
  const values = {
    epoch: of(doc.epoch, doc.epochs),
    iteration: of(doc.iteration, doc.iterations),
    left: running ? duration(doc.seconds_left) : "",
    spent: duration(doc.seconds_spent),
    speed: running && isNumber(speed) ? text("per_second", { n: formatted(speed, speed < 10 ? 2 : 1) }) : "",
    rate: doc.state !== "finished" && doc.rates.values.length ? readable(doc.rates.values.at(-1)) : "",
  };
  const parts = Object.entries(values).filter(([, value]) => value !== "")
    .map(([id, value]) => element("div", {}, element("dt", {}, text(`tile.${id}`)), element("dd", {}, value)));
  tell(byId("tiles"), JSON.stringify(values), parts);
};

const isSilent = () => current.state === "running" && Date.now() - new Date(current.updated).getTime() > SILENT_MS;

const showHeader = (doc) => {
  const state = isSilent() ? "silent" : doc.state;
  const share = doc.iterations ? Math.min(1, doc.iteration / doc.iterations) : 0;
  const progress = byId("progress");
  byId("state").dataset.state = progress.dataset.state = state;
  tell(byId("state"), state, [text(`state.${state}`)]);
  const dates = text("dates", { started: moment(doc.started), updated: moment(doc.updated) });
  tell(byId("where"), dates, [dates]);
  progress.setAttribute("aria-valuenow", Math.round(share * 100));
  progress.firstElementChild.style.inlineSize = `${share * 100}%`;
  const done = OVER.has(state) || !doc.iterations ? "" : `${percent(Math.floor(share * 100) / 100)} `;
  document.title = `${done}${doc.run} – harness`;
  showTiles(doc);
};

const showLines = (doc) => {
  const { resumes } = doc;
  const ours = (said) => doc.said?.[data.lang]?.[said] ?? said;
  const [message, hint, warnings] = [ours(doc.message), ours(doc.hint), doc.warnings.map(ours)];
  const command = hint && !hint.includes("`") ? `\`${hint}\`` : hint;
  byId("told").hidden = !message && !hint;
  byId("told").dataset.state = doc.state;
  const lines = [["", message], ["hint", command]].filter(([, said]) => said);
  tell(byId("told"), JSON.stringify(lines), lines.map(([kind, said]) => element("p", { class: kind }, ...ticked(said))));
  byId("warnings").hidden = !warnings.length;
  const items = warnings.map((warning) => element("li", {}, element("bdi", { dir: "auto" }, ...ticked(warning))));
  tell(byId("warnings"), JSON.stringify(warnings), items);
  byId("resumes").hidden = !resumes.length;
  const times = resumes.map((r) => text("resumed_at", { at: moment(r.at), epoch: formatted(r.epoch), iteration: formatted(r.iteration) }));
  tell(byId("resumes").querySelector("ul"), times.join("\n"), times.map((line) => element("li", {}, line)));
};

const showSilence = () => {
  const silent = isSilent();
  if (byId("stale").hidden === silent) showHeader(current);
  byId("stale").hidden = !silent;
  const said = text("stale", { at: moment(current.updated), run: quoted(current.run) });
  tell(byId("stale"), said, ticked(said));
};

const show = (doc) => {
  current = doc;
  for (const part of [showHeader, showLines, showCurves, showSamples, showResults, showSilence]) part(doc);
};

let waiting = 0;
const follow = () => {
  clearTimeout(waiting);
  if (document.hidden) return;
  const script = element("script", { src: `progress.js?${Date.now()}` });
  const done = () => {
    script.remove();
    showSilence();
    clearTimeout(waiting);
    if (!OVER.has(current.state)) waiting = setTimeout(follow, EVERY_MS);
  };
  script.addEventListener("load", done);
  script.addEventListener("error", done);
  document.head.append(script);
};

window.harnessProgress = (doc) => {
  if (doc?.format !== 1 || doc.run !== current.run) return;
  const old = new Date(doc.updated) < new Date(current.updated); // left from an earlier going
  if (!old && JSON.stringify(doc) !== JSON.stringify(current)) show(doc);
};

show(current);
if (!OVER.has(current.state)) follow();
// One that was interrupted may have been resumed since the reader last looked.
document.addEventListener("visibilitychange", () => !document.hidden && current.state !== "finished" && follow());
