// Tables to take away as CSV, Markdown and LaTeX: plain digits and a decimal point in every language.
const tex = (what) =>
  String(what).replace(/[\\{}$&#%_^~]/g, (c) => ({ "\\": "\\textbackslash{}", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}" })[c] || `\\${c}`);

const writers = {
  csv: ({ head, rows, protocol }) => {
    const field = (v) => (/[",\n\r]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v);
    const cell = (v) => (v === null ? "" : v === Infinity ? "inf" : field(String(v)));
    return [...[head, ...rows].map((row) => row.map(cell).join(",")), field(`# ${protocol}`)].join("\n") + "\n";
  },
  markdown: ({ head, rows, decimals, protocol }) => {
    const cell = (v, d) => (v === null ? "" : typeof v === "number" ? plain(v, d, "∞") : String(v).replace(/([|\\`*_<])/g, "\\$1").replace(/\s+/g, " "));
    const line = (cells) => `| ${cells.join(" | ")} |`;
    const rule = head.map((_, i) => (i ? "---:" : "---"));
    return [line(head), line(rule), ...rows.map((row, r) => line(row.map((v, i) => cell(v, decimals(r, i))))), "", protocol, ""].join("\n");
  },
  latex: ({ head, rows, decimals, protocol }) => {
    const cell = (v, d) => (v === null ? "" : typeof v === "number" ? plain(v, d, "$\\infty$").replace(/^-/, "$-$") : tex(v));
    const line = (cells) => `${cells.join(" & ")} \\\\`;
    return [
      "% needs \\usepackage{booktabs}",
      `\\begin{tabular}{l${"r".repeat(head.length - 1)}}`,
      "\\toprule",
      line(head.map(tex)),
      "\\midrule",
      ...rows.map((row, r) => line(row.map((v, i) => cell(v, decimals(r, i))))),
      "\\bottomrule",
      "\\end{tabular}",
      `\\par\\smallskip{\\footnotesize ${tex(protocol)}}`,
      "",
    ].join("\n");
  },
};

const plain = (value, decimals, infinite) => (Number.isFinite(value) ? value.toFixed(decimals) : infinite);

const rowsTable = () => ({
  head: ["name", ...columns.map((column) => column.id)],
  rows: order.map((row) => [data.names[row], ...columns.map((c) => (Number.isNaN(c.values[row]) ? null : c.values[row]))]),
  decimals: (_, place) => columns[place - 1]?.decimals ?? 0,
  protocol: data.protocol,
});

const summaryTable = () => ({
  ...data.summary,
  decimals: (row, place) => (data.summary.whole.includes(data.summary.head[place]) ? 0 : data.summary.decimals[row]),
  protocol: data.protocol,
});

all("[data-table]").forEach((button) =>
  button.addEventListener("click", () => {
    const table = button.dataset.table === "rows" ? rowsTable() : summaryTable();
    copy(writers[button.dataset.form](table), text("copied"));
  }),
);
