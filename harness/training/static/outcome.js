// What held-out pictures say of the trained generators: by epoch, best and last, beside the baselines.
const BETTER = { mae: "lower" };
const DECIMALS = { ssim: 4, psnr: 2, mae: 2 };
const betterThan = (column, one, other) => isNumber(one) && isNumber(other) && (BETTER[column] === "lower" ? one < other : one > other);
const columnName = (column) => data.strings[`column.${column}`] || column;
const baselineName = (id) => data.strings[`baseline.${id}`] || id;

const linked = (run, page) => {
  const address = safeAddress(page);
  const name = element("bdi", { dir: "ltr" }, run);
  return address ? element("a", { href: address }, name) : name;
};

const outcomeRows = (result) => {
  const rows = [];
  const run = (id, what) => what && rows.push({ id, label: text(`row.${id}`), values: what, run: what.run, page: what.page, epoch: what.epoch });
  run("best", result.best);
  if (result.last?.epoch !== result.best?.epoch) run("last", result.last);
  run("official", result.official);
  for (const [id, values] of Object.entries(result.baselines || {})) rows.push({ id: "baseline", label: baselineName(id), values });
  return rows;
};

const outcomeTable = (result) => {
  const rows = outcomeRows(result);
  const columns = Object.keys(DECIMALS).filter((column) => rows.some((row) => isNumber(row.values[column])));
  const head = element("tr", {}, element("th", { scope: "col" }, text("table.model")), element("th", { scope: "col", class: "words" }, text("table.run")),
    ...columns.map((column) => element("th", { scope: "col" }, `${columnName(column)} `, element("span", { class: "arrow" }, BETTER[column] === "lower" ? "↓" : "↑"))));
  const body = rows.map((row) => {
    const top = (column) => rows.every((other) => !betterThan(column, other.values[column], row.values[column]));
    const name = element("th", { scope: "row" }, row.label, row.epoch === undefined ? "" : element("small", {}, ` ${text("at_epoch", { n: formatted(row.epoch) })}`));
    const cells = columns.map((column) => element("td", { class: top(column) ? "top" : "" }, element("span", { class: "n" }, formatted(row.values[column], DECIMALS[column]))));
    return element("tr", { class: row.id }, name, element("td", { class: "words" }, row.run ? linked(row.run, row.page) : ""), ...cells);
  });
  const table = element("table", { class: "data outcome" }, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": text("table.run") }, table);
};

// Says plainly where the model loses, and how far it is from the official one.
const verdicts = (result) => {
  const said = [];
  const best = result.best || {};
  for (const column of ["ssim", "psnr"]) {
    for (const [id, values] of Object.entries(result.baselines || {})) {
      if (betterThan(column, values[column], best[column])) said.push(["bad", text("beaten_by_baseline", { baseline: baselineName(id), column: columnName(column) })]);
    }
  }
  if (!said.length && isNumber(best.ssim) && Object.keys(result.baselines || {}).length) said.push(["good", text("beats_baselines")]);
  if (isNumber(best.ssim) && isNumber(result.official?.ssim)) {
    said.push(["", text(best.ssim >= result.official.ssim ? "official_reached" : "official_ahead", { n: formatted(Math.abs(best.ssim - result.official.ssim), 4) })]);
  }
  const curve = result.values?.ssim || [];
  const last = curve.at(-1);
  if (curve.length > 2 && isNumber(best.epoch) && result.epochs.at(-1) > best.epoch && isNumber(last)) said.push(["", text("turned_down", { n: formatted(best.epoch) })]);
  if (result.chosen_on) said.push(["", text(result.chosen_on === "test" ? "chosen_on_tested" : "chosen_on", { part: `\`${result.chosen_on}\`` })]);
  if (!result.columns.length) said.push(["", text("no_numbers")]);
  return element("ul", { class: "verdicts" }, ...said.map(([kind, what]) => element("li", { class: kind }, ...ticked(what))));
};

const worstPictures = (result) => {
  if (!result.worst?.length) return "";
  const rows = result.worst.map((picture) => {
    const { shots, whole } = bigShots(picture);
    shots.output.said.textContent = text("kind.output");
    setImage(shots.input.frame, picture.input, text("alt.input", { name: picture.name }));
    setImage(shots.output.frame, picture.output, text("alt.made", { name: picture.name }));
    if (shots.target) setImage(shots.target.frame, picture.target, text("alt.target", { name: picture.name }));
    const value = element("span", { class: "n" }, `${columnName("ssim")} ${formatted(picture.ssim, 3)}`);
    return element("div", { class: "worst-row" }, whole, element("p", { class: "caption" }, element("bdi", {}, picture.name), " · ", value));
  });
  return element("div", {}, element("h3", {}, text("worst")), element("div", { class: "worst" }, ...rows));
};

let shownResults = null;
const showResults = (doc) => {
  const told = JSON.stringify(doc.results);
  if (told === shownResults) return;
  shownResults = told;
  const results = doc.results || [];
  byId("results").hidden = byId("to-results").hidden = !results.length;
  byId("outcomes").replaceChildren();
  for (const [place, result] of results.entries()) {
    const charts = element("div", { class: "panels" });
    const compared = safeAddress(result.comparison);
    const title = results.length > 1 ? element("h3", {}, text(`way.${result.direction}`)) : "";
    const compare = compared ? element("p", {}, element("a", { href: compared }, text("comparison"))) : "";
    byId("outcomes").append(element("div", { class: "result" }, title, verdicts(result), outcomeTable(result), compare, charts, worstPictures(result)));
    for (const column of result.columns.filter((name) => DECIMALS[name] && name !== "mae")) {
      const lines = [...Object.entries(result.baselines || {}).map(([id, values]) => [baselineName(id), values[column]]), [text("row.official"), result.official?.[column]]];
      const levels = lines.filter(([, value]) => isNumber(value)).map(([label, value]) => ({ label, value }));
      const series = [{ name: column, label: text("this_model"), xs: result.epochs, ys: result.values[column] }];
      const id = `${column}-${place}`;
      panels.delete(id);
      showPanel(charts, id, text("by_epoch", { column: columnName(column) }), "", { series, levels, most: doc.epochs, zero: false, decimals: DECIMALS[column] });
    }
  }
};
