// Tables to take away as CSV, Markdown and LaTeX: plain digits and a decimal point in every language.
const TEX = { "\\": "\\textbackslash{}", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}" };
const tex = (what) => what.replace(/[\\{}$&#%_^~]/g, (c) => TEX[c] || `\\${c}`);
const field = (what) => (/[",\n\r]/.test(what) ? `"${what.replaceAll('"', '""')}"` : what);
const plain = (infinite) => (value, decimals) => (Number.isFinite(value) ? value.toFixed(decimals) : infinite);

// A table's cells as text: nothing for null, numbers and words as a form writes them.
const cellsOf = ({ rows, decimals }, number, word) =>
  rows.map((row, r) => row.map((v, i) => (v === null ? "" : typeof v === "number" ? number(v, decimals(r, i)) : word(v))));

const writers = {
  csv: (table) => {
    const rows = cellsOf(table, (v) => (v === Infinity ? "inf" : String(v)), field);
    return [...[table.head.map(field), ...rows].map((row) => row.join(",")), field(`# ${table.protocol}`), ""];
  },
  markdown: (table) => {
    const rows = cellsOf(table, plain("∞"), (v) => v.replace(/([|\\`*_<])/g, "\\$1").replace(/\s+/g, " "));
    const rule = table.head.map((_, i) => (i ? "---:" : "---"));
    return [...[table.head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`), "", table.protocol, ""];
  },
  latex: (table) => {
    const rows = cellsOf(table, (v, d) => plain("$\\infty$")(v, d).replace(/^-/, "$-$"), tex);
    const [head, ...lines] = [table.head.map(tex), ...rows].map((row) => `${row.join(" & ")} \\\\`);
    return [
      "% needs \\usepackage{booktabs}",
      `\\begin{tabular}{l${"r".repeat(table.head.length - 1)}}`,
      "\\toprule", head, "\\midrule", ...lines, "\\bottomrule",
      "\\end{tabular}",
      `\\par\\smallskip{\\footnotesize ${tex(table.protocol)}}`,
      "",
    ];
  },
};

const tables = {
  rows: {
    head: ["name", ...columns.map((column) => column.id)],
    decimals: (_, place) => columns[place - 1]?.decimals ?? 0,
  },
  summary: {
    ...data.summary,
    decimals: (row, place) => (data.summary.whole.includes(data.summary.head[place]) ? 0 : data.summary.decimals[row]),
  },
};

all("[data-table]").forEach((button) =>
  button.addEventListener("click", () => {
    const table = { ...tables[button.dataset.table], protocol: data.protocol };
    // Of the images, those that are shown, in the order shown.
    table.rows ??= order.map((row) => [data.names[row], ...columns.map((c) => (Number.isNaN(c.values[row]) ? null : c.values[row]))]);
    copy(writers[button.dataset.form](table).join("\n"), text("copied"));
  }),
);
