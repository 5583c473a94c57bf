"""Stand-in for the authors' train.py: the same loop over the same functions, with networks of a few weights."""

from data import create_dataset
from models import create_model
from options.train_options import TrainOptions
from util.util import cleanup_ddp, init_ddp

if __name__ == "__main__":
    opt = TrainOptions().parse()
    opt.device = init_ddp()
    dataset = create_dataset(opt)
    print(f"The number of training images = {len(dataset)}")
    model = create_model(opt)
    model.setup(opt)
    last = opt.n_epochs + opt.n_epochs_decay
    for epoch in range(opt.epoch_count, last + 1):
        if hasattr(dataset, "set_epoch"):
            dataset.set_epoch(epoch)
        for data in dataset:
            model.set_input(data)
            model.optimize_parameters()
        model.update_learning_rate()
        if epoch % opt.save_epoch_freq == 0:
            model.save_networks("latest")
            model.save_networks(epoch)
        print(f"End of epoch {epoch} / {last} \t Time Taken: 0 sec")
    cleanup_ddp()
