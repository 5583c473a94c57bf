// The header, and asking for news: a page from disk may load scripts, so progress comes as one.
const EVERY_MS = 2000;
const SILENT_MS = 60000;
const OVER = new Set(["finished", "interrupted", "failed"]);
let current = data.document;

const ticked = (said) => String(said).split("`").map((part, i) => (i % 2 ? element("code", { dir: "ltr" }, part) : part));
const setText = (node, said) => node.textContent !== said && (node.textContent = said);

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

const tiles = new Map();
const showTile = (id, value) => {
  if (!tiles.has(id)) {
    const node = element("dd");
    tiles.set(id, node);
    byId("tiles").append(element("div", {}, element("dt", {}, text(`tile.${id}`)), node));
  }
  setText(tiles.get(id), value);
  tiles.get(id).parentElement.hidden = value === "";
};

const showTiles = (doc) => {
  const running = doc.state === "running" && !isSilent();
  const epochs = formatted(doc.epochs);
  showTile("epoch", doc.epochs ? text("of", { n: formatted(doc.epoch), all: epochs }) : "–");
  showTile("iteration", doc.iterations ? text("of", { n: formatted(doc.iteration), all: formatted(doc.iterations) }) : "–");
  showTile("left", running ? duration(doc.seconds_left) : "");
  showTile("spent", duration(doc.seconds_spent));
  showTile("speed", running && isNumber(doc.images_per_second) ? text("per_second", { n: formatted(doc.images_per_second, doc.images_per_second < 10 ? 2 : 1) }) : "");
  showTile("rate", doc.state !== "finished" && doc.rates.values.length ? readable(doc.rates.values.at(-1)) : "");
};

const isSilent = () => current.state === "running" && Date.now() - new Date(current.updated).getTime() > SILENT_MS;

const showHeader = (doc) => {
  const state = isSilent() ? "silent" : doc.state;
  setText(byId("state"), text(`state.${state}`));
  byId("state").dataset.state = state;
  setText(byId("where"), text("dates", { started: moment(doc.started), updated: moment(doc.updated) }));
  const share = doc.iterations ? Math.min(1, doc.iteration / doc.iterations) : 0;
  byId("progress").setAttribute("aria-valuenow", Math.round(share * 100));
  byId("progress").dataset.state = state;
  byId("progress").firstElementChild.style.inlineSize = `${share * 100}%`;
  document.title = OVER.has(state) || !doc.iterations ? `${doc.run} – harness` : `${formatted(Math.floor(share * 100))}${digits[0] === "0" ? "%" : "٪"} ${doc.run} – harness`;
  showTiles(doc);
};

const showLines = (doc) => {
  const told = byId("told");
  told.hidden = !doc.message && !doc.hint;
  told.dataset.state = doc.state;
  const said = JSON.stringify([doc.message, doc.hint]);
  if (told.dataset.said !== said) {
    told.dataset.said = said;
    const hint = doc.hint ? [element("p", { class: "hint" }, ...(doc.hint.includes("`") ? ticked(doc.hint) : [element("code", { dir: "ltr" }, doc.hint)]))] : [];
    told.replaceChildren(...(doc.message ? [element("p", {}, ...ticked(doc.message))] : []), ...hint);
  }
  const warnings = byId("warnings");
  warnings.hidden = !doc.warnings.length;
  if (warnings.dataset.said !== JSON.stringify(doc.warnings)) {
    warnings.dataset.said = JSON.stringify(doc.warnings);
    warnings.replaceChildren(...doc.warnings.map((warning) => element("li", {}, element("bdi", { dir: "auto" }, ...ticked(warning)))));
  }
  byId("resumes").hidden = !doc.resumes.length;
  const resumes = doc.resumes.map((r) => text("resumed_at", { at: moment(r.at), epoch: formatted(r.epoch), iteration: formatted(r.iteration) }));
  const list = byId("resumes").querySelector("ul");
  if (list.children.length !== resumes.length) list.replaceChildren(...resumes.map((line) => element("li", {}, line)));
};

const showSilence = () => {
  const node = byId("stale");
  if (node.hidden === isSilent()) showHeader(current);
  node.hidden = !isSilent();
  if (node.hidden) return;
  const said = text("stale", { at: moment(current.updated), run: /^[\w.-]+$/.test(current.run) ? current.run : `'${current.run.replaceAll("'", `'\\''`)}'` });
  if (node.dataset.said !== said) {
    node.dataset.said = said;
    node.replaceChildren(...ticked(said));
  }
};

const show = (doc) => {
  current = doc;
  showHeader(doc);
  showLines(doc);
  showCurves(doc);
  showSamples(doc);
  showResults(doc);
  showSilence();
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
