"""Stand-in for the authors' test.py."""

from pathlib import Path

from data import create_dataset
from models import create_model
from options.test_options import TestOptions
from util import html
from util.visualizer import save_images

if __name__ == "__main__":
    opt = TestOptions().parse()
    dataset = create_dataset(opt)
    model = create_model(opt)
    model.setup(opt)
    web_dir = Path(opt.results_dir) / opt.name / f"{opt.phase}_{opt.epoch}"
    print(f"creating web directory {web_dir}")
    webpage = html.HTML(web_dir, f"Experiment = {opt.name}, Phase = {opt.phase}, Epoch = {opt.epoch}")
    if opt.eval:
        model.eval()
    count = min(len(dataset), opt.num_test)
    for i, data in enumerate(dataset):
        last = i == count - 1
        if i >= opt.num_test or model.misbehaviour == "nothing" or (model.misbehaviour == "skip_one" and last):
            break
        model.set_input(data)
        model.test()
        if model.misbehaviour == "wrong_size" and last:
            model.shrink_output()
        visuals = model.get_current_visuals()
        img_path = model.get_image_paths()
        if i % 5 == 0:
            print(f"processing ({i:04d})-th image... {img_path}")
        save_images(webpage, visuals, img_path, aspect_ratio=opt.aspect_ratio)
    webpage.save()
