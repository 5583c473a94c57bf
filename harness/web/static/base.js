// What every page's scripts share: the data block, texts, numbers, copying, the theme.
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = byId("data") ? JSON.parse(byId("data").textContent) : {};
const digits = data.digits || "0123456789.";

const text = (key, values = {}) => data.strings[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const localised = (number) =>
  digits[0] === "0" ? number : number.replace(/\d/g, (d) => digits[d]).replace(/\./g, digits[10]);

const formatted = (value, decimals = 0, signed = false) => {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const sign = value < 0 ? "−" : signed ? "+" : "";
  return sign + localised(Math.abs(value).toFixed(decimals));
};

// Reads a number typed in any of the digits a reader may have; NaN if it is none.
const parsed = (typed) => {
  const plain = typed.trim().replace(/[۰-۹]/g, (d) => "۰۱۲۳۴۵۶۷۸۹".indexOf(d)).replace(/[٠-٩]/g, (d) => "٠١٢٣٤٥٦٧٨٩".indexOf(d));
  return plain === "" ? NaN : Number(plain.replace(/[٫,]/g, ".").replace("−", "-"));
};

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

const stored = (key, value) => {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be off; the page works without
  }
};

let quietly = 0;
const say = (message) => {
  byId("said").textContent = message;
  clearTimeout(quietly);
  quietly = setTimeout(() => (byId("said").textContent = ""), 2500);
};

const copy = async (what, done) => {
  try {
    await navigator.clipboard.writeText(what);
  } catch {
    const area = element("textarea", { class: "hidden" });
    area.value = what;
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) return say(data.strings ? text("copy_failed") : "");
  }
  say(done);
};

const setUpTheme = () => {
  const button = byId("theme");
  const looks = ["auto", "light", "dark"];
  const show = (look) => {
    if (look === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = look;
    button.querySelector("span").textContent = button.dataset[look];
    button.setAttribute("aria-label", button.dataset[look]);
  };
  let look = looks.includes(stored("harness-theme")) ? stored("harness-theme") : "auto";
  show(look);
  button.hidden = false;
  button.addEventListener("click", () => {
    look = looks[(looks.indexOf(look) + 1) % looks.length];
    stored("harness-theme", look);
    show(look);
  });
};

setUpTheme();
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-open]");
  if (button?.dataset.copy) copy(byId(button.dataset.copy).textContent, button.dataset.done);
  if (button?.dataset.open) byId(button.dataset.open).showModal();
});
