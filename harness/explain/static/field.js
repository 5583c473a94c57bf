// One verdict of the discriminator follows the pointer or the arrow keys: the square it sees.
const field = byId("field");
if (field) {
  const square = field.querySelector(".p3");
  const [start, step, map] = ["start", "step", "map"].map((name) => Number(field.dataset[name]));
  const size = Number(square.getAttribute("width"));
  const at = { x: Math.floor(map / 2), y: Math.floor(map / 2) };
  const show = () => ["x", "y"].forEach((side) => {
    at[side] = Math.max(0, Math.min(map - 1, at[side]));
    square.setAttribute(side, start + at[side] * step);
  });
  field.addEventListener("pointermove", (event) => {
    const box = field.getBoundingClientRect();
    const verdict = (offset, length) => Math.round(((offset / length) * 256 - size / 2 - start) / step);
    [at.x, at.y] = [verdict(event.clientX - box.left, box.width), verdict(event.clientY - box.top, box.height)];
    show();
  });
  const moved = (x, y) => () => {
    [at.x, at.y] = [at.x + x, at.y + y];
    show();
  };
  onKeys(field, () => ({ ArrowLeft: moved(-1, 0), ArrowRight: moved(1, 0), ArrowUp: moved(0, -1), ArrowDown: moved(0, 1) }));
}
