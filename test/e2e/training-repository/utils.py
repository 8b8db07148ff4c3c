"""What the training script needs beside the model."""

import os
import random

import torch


class AverageMeter:
    """Keeps the average of what it is told."""

    def __init__(self):
        self.sum = 0.0
        self.count = 0

    def update(self, value, n=1):
        self.sum += value * n
        self.count += n

    @property
    def average(self):
        return self.sum / max(1, self.count)


def seed_everything(seed):
    random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)


def save_checkpoint(state, folder="checkpoint"):
    os.makedirs(folder, exist_ok=True)
    torch.save(state, os.path.join(folder, "best.pth"))
