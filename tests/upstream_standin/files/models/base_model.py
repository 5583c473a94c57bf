"""The model's frame, with the method names that outside code may rely on, and the ways to misbehave."""

import os
import random
import signal
import time
from pathlib import Path

from PIL import Image, ImageOps

STATE_DICT = """Error(s) in loading state_dict for ResnetGenerator:
\tMissing key(s) in state_dict: "model.10.conv_block.6.weight", "model.10.conv_block.6.bias".
\tUnexpected key(s) in state_dict: "model.10.conv_block.5.weight", "model.10.conv_block.5.bias". """
FAILURES = {
    "state_dict": RuntimeError(STATE_DICT),
    "sequential": AttributeError("'Sequential' object has no attribute 'model'"),
    "memory": RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB"),
    "disk": OSError(28, "No space left on device"),
}


class BaseModel:
    visual_names = ()

    def __init__(self, opt):
        self.opt = opt
        self.save_dir = Path(opt.checkpoints_dir) / opt.name
        self.misbehaviour = os.environ.get("STANDIN_MISBEHAVE", "")
        self.image_paths = []
        self.tested = 0

    def setup(self, opt):
        if not opt.isTrain:
            path = self.save_dir / f"{opt.epoch}_net_G.pth"
            print(f"loading the model from {path}")
            print(f"process {os.getpid()}")
            path.read_bytes()
            if self.misbehaviour in FAILURES:
                raise FAILURES[self.misbehaviour]
        print("---------- Networks initialized -------------")
        print("[Network G] Total number of parameters : 0.000 M")
        print("-----------------------------------------------")

    def eval(self):
        return

    def generate(self, picture):
        """Inverts a picture; live dropout shows as one random pixel in the corner."""
        inverted = ImageOps.invert(picture)
        if not (self.opt.no_dropout or self.opt.eval):
            inverted.putpixel((0, 0), tuple(random.randrange(256) for _ in range(3)))
        return inverted

    def test(self):
        self.tested += 1
        if self.misbehaviour == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.misbehaviour == "large":
            with Image.open(self.image_paths[0]) as picture:
                if picture.width > 100:
                    raise FAILURES["memory"]
        while self.misbehaviour == "hang" and self.tested == 2:
            time.sleep(0.05)
        self.forward()

    def get_image_paths(self):
        return self.image_paths

    def get_current_visuals(self):
        return {name: getattr(self, name) for name in self.visual_names}

    def shrink_output(self):
        name = self.visual_names[1]
        setattr(self, name, getattr(self, name).resize((8, 8), Image.BOX))
