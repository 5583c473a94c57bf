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
  const whole = [0, 0, picture.width, picture.height];
  if (picture.width === width && picture.height === height) return laid(canvasOf(picture), stem, name);
  // A and B side by side: the half that the model eats.
  if (picture.width === 2 * width && picture.height === height) return laid(canvasOf(picture, [data.direction === "AtoB" ? 0 : width, 0, width, height]), stem, name);
  const alike = Math.abs((picture.width * height) / (picture.height * width) - 1) < 0.01;
  const part = alike ? whole : await cropped(picture);
  if (!part) return undefined;
  const by = Math.min(1, LARGEST_SIDE / Math.max(...part.slice(2)));
  const brought = await attempt(() => backend.bring(canvasOf(picture, part, [part[2] * by, part[3] * by])));
  if (!brought) return undefined;
  laid(canvasOf(brought.picture), stem, name);
  if (brought.notes.length) complain(brought.notes.join(" · "));
  return undefined;
};

// A frame of the model's shape over the picture, moved by pointer or arrows; answers the part, null if cancelled.
const cropped = (picture) =>
  new Promise((answer) => {
    const view = byId("crop-view");
    const scale = Math.min(480 / picture.width, 480 / picture.height);
    [view.width, view.height] = [picture.width * scale, picture.height * scale].map((side) => Math.max(1, Math.round(side)));
    const most = Math.min(view.width / width, view.height / height);
    const frame = { x: view.width / 2, y: view.height / 2 };
    const context = view.getContext("2d");
    const box = () => {
      const by = (most * Number(byId("crop-size").value)) / 100;
      const [w, h] = [width * by, height * by];
      frame.x = limited(frame.x, w / 2, view.width - w / 2);
      frame.y = limited(frame.y, h / 2, view.height - h / 2);
      return [frame.x - w / 2, frame.y - h / 2, w, h];
    };
    const draw = () => {
      const part = box();
      context.drawImage(picture, 0, 0, view.width, view.height);
      context.fillStyle = "rgb(0 0 0 / 55%)";
      context.fillRect(0, 0, view.width, view.height);
      context.drawImage(picture, ...part.map((side) => side / scale), ...part);
      context.strokeStyle = "#ffffff";
      context.lineWidth = 2;
      context.strokeRect(...part);
    };
    const by = (x, y) => () => { frame.x += x; frame.y += y; draw(); };
    const life = new AbortController();
    const on = (target, name, deed) => target.addEventListener(name, deed, { signal: life.signal });
    on(view, "pointerdown", (event) => view.setPointerCapture(event.pointerId));
    on(view, "pointermove", (event) => {
      if (!event.buttons) return;
      const across = view.width / view.getBoundingClientRect().width;
      by(event.movementX * across, event.movementY * across)();
    });
    on(view, "keydown", (event) => {
      const deed = { ArrowLeft: by(-8, 0), ArrowRight: by(8, 0), ArrowUp: by(0, -8), ArrowDown: by(0, 8) }[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    });
    on(byId("crop-size"), "input", draw);
    on(byId("crop"), "close", () => {
      life.abort();
      answer(byId("crop").returnValue === "use" ? box().map((side) => side / scale) : null);
    });
    byId("crop-size").value = 100;
    byId("crop").returnValue = "";
    byId("crop").showModal();
    draw();
  });

const photograph = async () => {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
  } catch (error) {
    return complain(text("no_camera", { why: error.message }));
  }
  const video = byId("video");
  video.srcObject = stream;
  byId("camera").returnValue = "";
  byId("camera").showModal();
  byId("camera").addEventListener("close", async () => {
    const wanted = byId("camera").returnValue === "use" && video.videoWidth;
    const taken = wanted ? canvasOf(video, [0, 0, video.videoWidth, video.videoHeight]) : null;
    stream.getTracks().forEach((track) => track.stop());
    if (taken) await take(await pngOf(taken), "photo.png");
  }, { once: true });
  return undefined;
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
