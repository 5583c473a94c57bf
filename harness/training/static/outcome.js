// What held-out pictures say of the trained generators: by epoch, best and last, beside the baselines.
const BETTER = { mae: "lower" };
const DECIMALS = { ssim: 4, psnr: 2, mae: 2 };
const betterThan = (column, one, other) => isNumber(one) && isNumber(other) && (BETTER[column] === "lower" ? one < other : one > other);
const columnName = (column) => data.strings[`column.${column}`] || column;
const baselinesOf = (result) => Object.entries(result.baselines || {}).map(([id, values]) => ({ id: "baseline", label: data.strings[`baseline.${id}`] || id, values }));

const linked = (run, page) => {
  const address = safeAddress(page);
  const name = element("bdi", { dir: "ltr" }, run);
  return address ? element("a", { href: address }, name) : name;
};

const outcomeTable = (result) => {
  const last = result.last?.epoch === result.best?.epoch ? null : result.last;
  const runs = Object.entries({ best: result.best, last, official: result.official }).filter(([, values]) => values);
  const rows = [...runs.map(([id, values]) => ({ id, label: text(`row.${id}`), values })), ...baselinesOf(result)];
  const columns = Object.keys(DECIMALS).filter((column) => rows.some((row) => isNumber(row.values[column])));
  const head = columns.map((column) =>
    element("th", { scope: "col" }, `${columnName(column)} `, element("span", { class: "arrow" }, BETTER[column] === "lower" ? "↓" : "↑")));
  const body = rows.map(({ id, label, values }) => {
    const epoch = values.epoch === undefined ? "" : element("small", {}, ` ${text("at_epoch", { n: formatted(values.epoch) })}`);
    const cells = columns.map((column) => {
      const top = rows.every((other) => !betterThan(column, other.values[column], values[column]));
      return element("td", { class: top ? "top" : "" }, element("span", { class: "n" }, formatted(values[column], DECIMALS[column])));
    });
    const run = values.run ? linked(values.run, values.page) : "";
    return element("tr", { class: id }, element("th", { scope: "row" }, label, epoch), element("td", { class: "words" }, run), ...cells);
  });
  const heads = element("tr", {}, element("th", { scope: "col" }, text("table.model")), element("th", { scope: "col", class: "words" }, text("table.run")), ...head);
  const table = element("table", { class: "data outcome" }, element("thead", {}, heads), element("tbody", {}, ...body));
  return element("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": text("table.run") }, table);
};

// Says plainly where the model loses, and how far it is from the official one.
const verdicts = (result) => {
  const best = result.best || {};
  const baselines = baselinesOf(result);
  const said = ["ssim", "psnr"].flatMap((column) =>
    baselines.filter(({ values }) => betterThan(column, values[column], best[column]))
      .map(({ label }) => ["bad", text("beaten_by_baseline", { baseline: label, column: columnName(column) })]));
  if (!said.length && isNumber(best.ssim) && baselines.length) said.push(["good", text("beats_baselines")]);
  const official = result.official?.ssim;
  if (isNumber(best.ssim) && isNumber(official)) {
    said.push(["", text(best.ssim >= official ? "official_reached" : "official_ahead", { n: formatted(Math.abs(best.ssim - official), 4) })]);
  }
  const curve = result.values?.ssim || [];
  const turned = curve.length > 2 && isNumber(best.epoch) && result.epochs.at(-1) > best.epoch && isNumber(curve.at(-1));
  if (turned) said.push(["", text("turned_down", { n: formatted(best.epoch) })]);
  if (result.chosen_on) said.push(["", text(result.chosen_on === "test" ? "chosen_on_tested" : "chosen_on", { part: `\`${result.chosen_on}\`` })]);
  if (!result.columns.length) said.push(["", text("no_numbers")]);
  return element("ul", { class: "verdicts" }, ...said.map(([kind, what]) => element("li", { class: kind }, ...ticked(what))));
};

const worstPictures = (result) => {
  if (!result.worst?.length) return "";
  const rows = result.worst.map((picture) => {
    const shots = bigShots(picture);
    setShots(shots, picture, picture.output, text("kind.output"), text("alt.made", { name: picture.name }));
    const value = element("span", { class: "n" }, `${columnName("ssim")} ${formatted(picture.ssim, 3)}`);
    return element("div", { class: "worst-row" }, shots.whole, element("p", { class: "caption" }, element("bdi", {}, picture.name), " · ", value));
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
      const lines = [...baselinesOf(result), { label: text("row.official"), values: result.official || {} }];
      const levels = lines.map(({ label, values }) => ({ label, value: values[column] })).filter(({ value }) => isNumber(value));
      const series = [{ label: text("this_model"), xs: result.epochs, ys: result.values[column] }];
      const id = `${column}-${place}`;
      panels.delete(id);
      showPanel(charts, id, text("by_epoch", { column: columnName(column) }), { series, levels, most: doc.epochs, decimals: DECIMALS[column] });
    }
  }
};
