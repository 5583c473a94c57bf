// The index: filter by words, sort by a column's head, choose runs for the command that compares them.
const table = byId("runs");
const lines = table ? all("tbody tr", table) : [];
const valueOf = (line, key) => line.getAttribute(`data-${key.replaceAll("_", "-")}`);
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

const sortBy = (head) => {
  const key = head.dataset.key;
  const falling = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") !== "descending" : !["name", "set"].includes(key);
  all("th[data-key]", table).forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const compare = (a, b) => {
    const [x, y] = [valueOf(a, key), valueOf(b, key)];
    if (x === null || y === null) return (x === null) - (y === null); // a run without this number stays last
    const rising = ["name", "set"].includes(key) ? collator.compare(x, y) : x - y;
    return falling ? -rising : rising;
  };
  table.tBodies[0].append(...lines.sort(compare));
};

const showHidden = byId("show-hidden"); // only there where `harness note --hide` was used
const wanted = (line) => !("hidden" in line.dataset) || showHidden.getAttribute("aria-pressed") === "true";

const filter = () => {
  const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const candidates = lines.filter(wanted);
  let shown = 0;
  for (const line of lines) {
    line.hidden = !wanted(line) || !words.every((word) => line.dataset.words.includes(word));
    shown += !line.hidden;
  }
  byId("count").textContent = text("count", { shown: formatted(shown), all: formatted(candidates.length) });
  byId("none").hidden = shown > 0;
};

const choose = () => {
  const names = all("input:checked", table).map((box) => box.value);
  byId("chosen").hidden = names.length < 2;
  byId("command").textContent = ["harness compare", ...names.map(quoted)].join(" ");
};

showHidden?.addEventListener("click", () => {
  showHidden.setAttribute("aria-pressed", showHidden.getAttribute("aria-pressed") !== "true");
  all("[data-hidden]").forEach((line) => { line.hidden = !wanted(line); });
  if (table) filter();
});
if (table) {
  all("th[data-key]", table).forEach((head) => head.querySelector("button").addEventListener("click", () => sortBy(head)));
  byId("find").addEventListener("input", filter);
  table.addEventListener("change", choose);
  onKeys(document, ({ target }) => (target.closest("input") ? {} : { "/": () => byId("find").focus() }));
}
