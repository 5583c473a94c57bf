// Who draws: the server that the page came from.
const BUSY_MS = 300;

const ask = async (what, values, body) => {
  let answer;
  try {
    answer = await fetch(`${what}?${new URLSearchParams({ ...values, lang: document.documentElement.lang })}`, { method: "POST", body });
  } catch {
    throw new Error(text("stopped", { command: data.command }));
  }
  if (answer.status === 503) {
    await new Promise((later) => setTimeout(later, BUSY_MS));
    return ask(what, values, body);
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.hint ? `${told.error}: ${told.hint}` : told.error);
  return told;
};

const backend = {
  async draw(pixels, name, seed, several) {
    const told = await ask("draw", { name, seed, ...(several ? { samples: 1 } : {}) }, pixels);
    const [drawn, spread] = await Promise.all([Promise.all(told.drawn.map(pictureAt)), told.spread && pictureAt(told.spread)]);
    return { name: told.name, drawn, spread };
  },
  near: (pixels) => ask("near", {}, pixels),
  async bring(canvas) {
    const told = await ask("bring", {}, await pngOf(canvas));
    return { picture: await pictureAt(told.picture), notes: told.notes };
  },
  async start(start) {
    try {
      return await pictureAt(`start?${new URLSearchParams(start)}`);
    } catch {
      throw new Error(text("no_picture", { name: start.name }));
    }
  },
  add: (pixels, name, seed, source) => ask("add", { name, seed, ...(source ? { source } : {}) }, pixels),
};
