"""The learning rate's schedules, as the real `get_scheduler` makes them."""

import os
import sys
from types import ModuleType

import torch
from torch.optim import lr_scheduler

if "RANK" not in os.environ:  # optimizers import torch's compiler to switch it off, which takes as long as torch itself
    torch._dynamo = sys.modules["torch._dynamo"] = ModuleType("torch._dynamo")
    torch._dynamo.disable = lambda function, *rest, **named: function
    torch._dynamo.graph_break = lambda: None


def get_scheduler(optimizer, opt):
    if opt.lr_policy == "linear":

        def rule(epoch):
            return 1.0 - max(0, epoch + opt.epoch_count - opt.n_epochs) / float(opt.n_epochs_decay + 1)

        return lr_scheduler.LambdaLR(optimizer, lr_lambda=rule)
    if opt.lr_policy == "step":
        return lr_scheduler.StepLR(optimizer, step_size=opt.lr_decay_iters, gamma=0.1)
    if opt.lr_policy == "plateau":
        return lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.2, threshold=0.01, patience=5)
    if opt.lr_policy == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=opt.n_epochs, eta_min=0)
    return NotImplementedError("learning rate policy [%s] is not implemented", opt.lr_policy)
