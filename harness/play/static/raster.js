// Shapes on pixels of one number each, 0xffBBGGRR as canvases hold them: every edge is hard, no colours are mixed.
const colourOf = (hex) => (0xff000000 | (parseInt(hex.slice(5), 16) << 16) | (parseInt(hex.slice(3, 5), 16) << 8) | parseInt(hex.slice(1, 3), 16)) >>> 0;
const hexOf = (colour) => `#${[0, 8, 16].map((shift) => ((colour >> shift) & 255).toString(16).padStart(2, "0")).join("")}`;

const disc = ({ pixels, width, height }, x, y, size, colour) => {
  const middle = (size - 1) / 2;
  const [left, top] = [Math.round(x - middle), Math.round(y - middle)];
  for (let j = Math.max(0, -top); j < size && top + j < height; j++) {
    for (let i = Math.max(0, -left); i < size && left + i < width; i++) {
      if ((i - middle) ** 2 + (j - middle) ** 2 <= (size / 2) ** 2) pixels[(top + j) * width + left + i] = colour;
    }
  }
};

// Bresenham's line, a disc at each of its points.
const line = (sheet, from, to, size, colour) => {
  let [x, y] = from;
  const [across, down] = [Math.abs(to[0] - x), -Math.abs(to[1] - y)];
  const [right, below] = [x < to[0] ? 1 : -1, y < to[1] ? 1 : -1];
  let error = across + down;
  for (;;) {
    disc(sheet, x, y, size, colour);
    if (x === to[0] && y === to[1]) return;
    const twice = 2 * error;
    if (twice >= down) [error, x] = [error + down, x + right];
    if (twice <= across) [error, y] = [error + across, y + below];
  }
};

const rectangle = ({ pixels, width, height }, from, to, colour) => {
  const [left, right] = [Math.max(0, Math.min(from[0], to[0])), Math.min(width - 1, Math.max(from[0], to[0]))];
  const [top, bottom] = [Math.max(0, Math.min(from[1], to[1])), Math.min(height - 1, Math.max(from[1], to[1]))];
  for (let y = top; y <= bottom; y++) pixels.fill(colour, y * width + left, y * width + right + 1);
};

// Everything of one colour that hangs together by sides.
const flood = ({ pixels, width, height }, x, y, colour) => {
  const old = pixels[y * width + x];
  if (old === colour) return;
  const waiting = [y * width + x];
  while (waiting.length) {
    const at = waiting.pop();
    if (pixels[at] !== old) continue;
    let [first, last] = [at, at];
    while (first % width && pixels[first - 1] === old) first--;
    while ((last + 1) % width && pixels[last + 1] === old) last++;
    for (let i = first; i <= last; i++) {
      pixels[i] = colour;
      if (i >= width && pixels[i - width] === old) waiting.push(i - width);
      if (i < (height - 1) * width && pixels[i + width] === old) waiting.push(i + width);
    }
  }
};
