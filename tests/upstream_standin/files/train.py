"""Stand-in for the authors' train.py: its log lines and files, with losses that fall and weights copied from
the file that STANDIN_WEIGHTS names."""

import os
import shutil
from pathlib import Path

from data import create_dataset
from models import create_model
from options.train_options import TrainOptions


def save_networks(model, suffix):
    for network in ("G", "D"):
        target = model.save_dir / f"{suffix}_net_{network}.pth"
        source = os.environ.get("STANDIN_WEIGHTS")
        if source:
            shutil.copyfile(source, target)
        else:
            target.write_bytes(b"stand-in weights")


if __name__ == "__main__":
    opt = TrainOptions().parse()
    print("Initialized with device cpu")
    dataset = create_dataset(opt)
    print(f"The number of training images = {len(dataset)}")
    model = create_model(opt)
    model.setup(opt)
    log = model.save_dir / "loss_log.txt"
    pages = Path(model.save_dir) / "web" / "images"
    pages.mkdir(parents=True, exist_ok=True)
    total = 0
    last = opt.n_epochs + opt.n_epochs_decay
    for epoch in range(opt.epoch_count, last + 1):
        for i, data in enumerate(dataset, start=1):
            total += opt.batch_size
            model.set_input(data)
            if total % opt.display_freq == 0:
                model.forward()
                for label, picture in model.get_current_visuals().items():
                    picture.save(pages / f"epoch{epoch:03d}_{label}.png")
            if total % opt.print_freq == 0:
                losses = f", G_GAN: {1 + 1 / total:.3f}, G_L1: {100 / total:.3f}, D_real: 0.500, D_fake: 0.500"
                line = f"[Rank 0] (epoch: {epoch}, iters: {i}, time: 0.001, data: 0.001) {losses}\n"
                print(line)
                with log.open("a") as stream:
                    stream.write(f"{line}\n")
            if total % opt.save_latest_freq == 0:
                print(f"saving the latest model (epoch {epoch}, total_iters {total})")
                save_networks(model, "latest")
        print(f"learning rate {opt.lr:.7f} -> {opt.lr:.7f}")
        if epoch % opt.save_epoch_freq == 0:
            print(f"saving the model at the end of epoch {epoch}, iters {total}")
            save_networks(model, "latest")
            save_networks(model, epoch)
        print(f"End of epoch {epoch} / {last} \t Time Taken: 0 sec")
