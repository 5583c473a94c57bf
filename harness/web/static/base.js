// What every page's scripts share: the data block, texts, numbers, copying, the theme.
const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const data = byId("data") ? JSON.parse(byId("data").textContent) : {};
const digits = data.digits || "0123456789.";

const text = (key, values = {}) => data.strings[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const localised = (number) =>
  digits[0] === "0" ? number : number.replace(/\d/g, (d) => digits[d]).replace(/\./g, digits[10]);

const formatted = (value, decimals = 0, signed = false) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const sign = value < 0 ? "−" : signed ? "+" : "";
  return sign + localised(Math.abs(value).toFixed(decimals));
};
const percent = (share) => `${formatted(100 * share)}${digits[0] === "0" ? "%" : "٪"}`;

// A name as one word of a POSIX shell.
const quoted = (name) => (/^[\w@%+=:,./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`);

// Reads a number typed in any of the digits a reader may have; NaN if it is none.
const parsed = (typed) => {
  const plain = typed.trim().replace(/[۰-۹]/g, (d) => "۰۱۲۳۴۵۶۷۸۹".indexOf(d)).replace(/[٠-٩]/g, (d) => "٠١٢٣٤٥٦٧٨٩".indexOf(d));
  return plain === "" ? NaN : Number(plain.replace(/[٫,]/g, ".").replace("−", "-"));
};

const filled = (made, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
const bdi = (what) => element("bdi", { dir: "auto" }, what);

// What a key does, told anew at every press; a key with control, command or alt is the browser's own.
const onKeys = (target, deeds) =>
  target.addEventListener("keydown", (event) => {
    const deed = !event.ctrlKey && !event.metaKey && !event.altKey && deeds(event)[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });

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
    if (!copied) return say(data.strings?.copy_failed || "");
  }
  say(done);
};

// The look, kept where storage is on; the page works without.
const LOOKS = ["auto", "light", "dark"];
const themeButton = byId("theme");
let look = "auto";
const showLook = (chosen) => {
  look = LOOKS.includes(chosen) ? chosen : "auto";
  if (look === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = look;
  themeButton.querySelector("span").textContent = themeButton.dataset[look];
  themeButton.setAttribute("aria-label", themeButton.dataset[look]);
};
const stored = (deed) => {
  try {
    return deed(localStorage);
  } catch {
    return null;
  }
};
showLook(stored((storage) => storage.getItem("harness-theme")));
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  showLook(LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length]);
  stored((storage) => storage.setItem("harness-theme", look));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-open]");
  if (button?.dataset.copy) copy(byId(button.dataset.copy).textContent, button.dataset.done);
  if (button?.dataset.open) byId(button.dataset.open).showModal();
});
