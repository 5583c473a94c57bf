from .base_model import BaseModel


class Pix2PixModel(BaseModel):
    visual_names = ("real_A", "fake_B", "real_B")

    def set_input(self, data):
        forward = self.opt.direction == "AtoB"
        self.real_A, self.real_B = (data["A"], data["B"]) if forward else (data["B"], data["A"])
        self.image_paths = data["A_paths" if forward else "B_paths"]

    def forward(self):
        self.fake_B = self.generate(self.real_A)


class ColorizationModel(BaseModel):
    visual_names = ("real_A", "fake_B_rgb", "real_B_rgb")

    def set_input(self, data):
        self.real_B_rgb, self.image_paths = data["A"], data["A_paths"]
        self.real_A = self.real_B_rgb.convert("L").convert("RGB")

    def forward(self):
        self.fake_B_rgb = self.generate(self.real_B_rgb)


class TestModel(BaseModel):
    visual_names = ("real", "fake")

    def set_input(self, data):
        self.real, self.image_paths = data["A"], data["A_paths"]

    def forward(self):
        self.fake = self.generate(self.real)


def create_model(opt):
    if opt.isTrain:
        from . import training  # the tests need no torch

        known = {"pix2pix": training.Pix2PixModel, "cycle_gan": training.CycleGANModel}
        return known.get(opt.model, training.ColorizationModel)(opt)
    model = {"pix2pix": Pix2PixModel, "test": TestModel, "colorization": ColorizationModel}.get(
        opt.model, Pix2PixModel
    )(opt)
    print(f"model [{type(model).__name__}] was created")
    return model
