// Pictures from elsewhere: dropped, pasted, opened, taken by a camera; those of another shape are cropped first.
const LARGEST_SIDE = 2048; // more than any model takes in; what is sent stays small

const canvasOf = (picture, part = [0, 0, picture.width, picture.height], size = part.slice(2)) => {
  const made = element("canvas");
  [made.width, made.height] = size.map(Math.round);
  const context = made.getContext("2d");
  context.fillStyle = "#ffffff"; // under what is transparent, as harness opens pictures
  context.fillRect(0, 0, made.width, made.height);
  context.imageSmoothingEnabled = data.kind !== "label_map";
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, ...part, 0, 0, made.width, made.height);
  return made;
};
const pictureAt = async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
};
const pixelsOf = (canvas) => new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
const pngOf = (canvas) => new Promise((answer) => canvas.toBlob(answer, "image/png"));

const laid = (canvas, name, source) => {
  named(name, source);
  replaced(pixelsOf(canvas));
};

const take = async (blob, name) => {
  let picture;
  try {
    picture = await createImageBitmap(blob);
  } catch {
    return complain(text("no_picture", { name }));
  }
  const stem = name.replace(/\.[^.]*$/, "");
  if (picture.width === width && picture.height === height) return laid(canvasOf(picture), stem, name);
  // A and B side by side: the half that the model eats.
  if (picture.width === 2 * width && picture.height === height) return laid(canvasOf(picture, [data.direction === "AtoB" ? 0 : width, 0, width, height]), stem, name);
  const alike = Math.abs((picture.width * height) / (picture.height * width) - 1) < 0.01;
  const part = alike ? [0, 0, picture.width, picture.height] : await cropped(picture);
  if (!part) return;
  const by = Math.min(1, LARGEST_SIDE / Math.max(...part.slice(2)));
  const brought = await attempt(() => backend.bring(canvasOf(picture, part, [part[2] * by, part[3] * by])));
  if (!brought) return;
  laid(canvasOf(brought.picture), stem, name);
  if (brought.notes.length) complain(brought.notes.join(" · "));
};

// What a dialog is closed with.
const answered = (dialog) => {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue), { once: true }));
};

// A frame of the model's shape over the picture, moved by pointer or arrows.
const view = byId("crop-view");
const frame = { picture: null, scale: 1, x: 0, y: 0 };
const framed = () => {
  const by = (Math.min(view.width / width, view.height / height) * Number(byId("crop-size").value)) / 100;
  const [w, h] = [width * by, height * by];
  frame.x = limited(frame.x, w / 2, view.width - w / 2);
  frame.y = limited(frame.y, h / 2, view.height - h / 2);
  return [frame.x - w / 2, frame.y - h / 2, w, h];
};
const inPicture = (part) => part.map((side) => side / frame.scale);
const showFrame = () => {
  const [part, context] = [framed(), view.getContext("2d")];
  context.drawImage(frame.picture, 0, 0, view.width, view.height);
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.fillRect(0, 0, view.width, view.height);
  context.drawImage(frame.picture, ...inPicture(part), ...part);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.strokeRect(...part);
};
const pushed = (x, y) => () => { frame.x += x; frame.y += y; showFrame(); };
view.addEventListener("pointerdown", (event) => view.setPointerCapture(event.pointerId));
view.addEventListener("pointermove", (event) => {
  const across = view.width / view.getBoundingClientRect().width;
  if (event.buttons) pushed(event.movementX * across, event.movementY * across)();
});
onKeys(view, () => ({ ArrowLeft: pushed(-8, 0), ArrowRight: pushed(8, 0), ArrowUp: pushed(0, -8), ArrowDown: pushed(0, 8) }));
byId("crop-size").addEventListener("input", showFrame);

// The part of a picture that somebody chooses, null if cancelled.
const cropped = async (picture) => {
  const scale = Math.min(480 / picture.width, 480 / picture.height);
  [view.width, view.height] = [picture.width * scale, picture.height * scale].map((side) => Math.max(1, Math.round(side)));
  Object.assign(frame, { picture, scale, x: view.width / 2, y: view.height / 2 });
  byId("crop-size").value = 100;
  showFrame();
  return (await answered(byId("crop"))) === "use" ? inPicture(framed()) : null;
};

const photograph = async () => {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
  } catch (error) {
    return complain(text("no_camera", { why: error.message }));
  }
  const video = byId("video");
  video.srcObject = stream;
  const wanted = (await answered(byId("camera"))) === "use" && video.videoWidth;
  const taken = wanted ? canvasOf(video, [0, 0, video.videoWidth, video.videoHeight]) : null;
  stream.getTracks().forEach((track) => track.stop());
  return taken && take(await pngOf(taken), "photo.png");
};

const begun = async (start) => {
  delete byId("result").dataset.settled;
  const picture = await attempt(() => backend.start(start));
  if (picture) laid(canvasOf(picture), start.name, start.of === "set" ? `${data.set}/${start.name}` : start.name);
  else work();
};

byId("open").addEventListener("click", () => byId("file").click());
byId("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) take(target.files[0], target.files[0].name);
  target.value = "";
});
if (data.kind !== "label_map" && navigator.mediaDevices?.getUserMedia) {
  byId("camera-on").hidden = false;
  byId("camera-on").addEventListener("click", photograph);
}
document.addEventListener("paste", (event) => {
  const file = event.clipboardData.files[0];
  if (file) take(file, file.name);
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    byId("board").classList.toggle("dropping", name === "dragover");
    const file = name === "drop" && event.dataTransfer.files[0];
    if (file) take(file, file.name);
  });
}
byId("start")?.addEventListener("change", ({ target }) => {
  const option = target.selectedOptions[0];
  if (option.value) begun({ name: option.textContent, of: option.dataset.of });
  else renew();
});
