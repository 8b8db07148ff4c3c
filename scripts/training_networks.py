"""The networks of training-networks.ts in PyTorch, trained on demand: one line in, one line of JSON out.

    python training_networks.py FOLDER NETWORK THREADS

FOLDER holds what bench-training.ts wrote: tensors.json (name, shape, file) and raw little-endian numbers. Every line on
standard input is a number of steps to do; the answer has their losses and milliseconds. At the end of the input it
prints its peak memory.
"""

import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn

CLASSES = 10


def normalized(into, out, kernel=1, stride=1, groups=1):
    return nn.ModuleDict(
        {
            "conv": nn.Conv2d(into, out, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
            "norm": nn.BatchNorm2d(out),
        }
    )


def apply(layer, x):
    return layer["norm"](layer["conv"](x))


class ResidualBlock(nn.Module):
    def __init__(self, into, out, stride):
        super().__init__()
        self.first = normalized(into, out, 3, stride)
        self.second = normalized(out, out, 3)
        self.shortcut = normalized(into, out, 1, stride) if stride > 1 else None

    def forward(self, x):
        outer = apply(self.second, functional.relu(apply(self.first, x)))
        return functional.relu(outer + (x if self.shortcut is None else apply(self.shortcut, x)))


class InvertedBlock(nn.Module):
    def __init__(self, into, out, expansion, stride):
        super().__init__()
        inner = into * expansion
        self.expand = normalized(into, inner) if expansion > 1 else None
        self.depthwise = normalized(inner, inner, 3, stride, inner)
        self.project = normalized(inner, out)
        self.is_residual = stride == 1 and into == out

    def forward(self, x):
        wide = x if self.expand is None else functional.relu6(apply(self.expand, x))
        narrow = apply(self.project, functional.relu6(apply(self.depthwise, wide)))
        return x + narrow if self.is_residual else narrow


class Resnet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = normalized(3, 16, 3)
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.ModuleList(
            ResidualBlock(into, out, 1 if into == out else 2) for into, out in zip(widths, widths[1:])
        )
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = functional.relu(apply(self.stem, x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        layers, into = [], 3
        for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0):
            layers.append(nn.MaxPool2d(2) if width == 0 else normalized(into, width, 3))
            into = width or into
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(512, CLASSES)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) if isinstance(layer, nn.MaxPool2d) else functional.relu(apply(layer, x))
        return self.head(x.mean((2, 3)))


class MobilenetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = normalized(3, 32, 3)
        stages = ((1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
        blocks, into = [], 32
        for expansion, out, count, stride in stages:
            for index in range(count):
                blocks.append(InvertedBlock(into, out, expansion, stride if index == 0 else 1))
                into = out
        self.blocks = nn.ModuleList(blocks)
        self.last = normalized(320, 1280)
        self.head = nn.Linear(1280, CLASSES)

    def forward(self, x):
        x = functional.relu6(apply(self.stem, x))
        for block in self.blocks:
            x = block(x)
        return self.head(functional.relu6(apply(self.last, x)).mean((2, 3)))


NETWORKS = {"resnet-20": Resnet20, "vgg-like": Vgg, "mobilenet-v2-like": MobilenetV2}


def load(folder):
    """Tensors by name, as bench-training.ts names them."""
    with open(os.path.join(folder, "tensors.json"), encoding="utf-8") as file:
        entries = json.load(file)
    tensors = {}
    for entry in entries:
        dtype = torch.int32 if entry["type"] == "int32" else torch.float32
        with open(os.path.join(folder, entry["file"]), "rb") as file:
            data = torch.frombuffer(bytearray(file.read()), dtype=dtype)
        tensors[entry["name"]] = data.reshape(entry["shape"])
    return tensors


def main():
    folder, name, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    tensors = load(folder)
    network = NETWORKS[name]()
    roles = {"scale": "weight", "shift": "bias"}
    with torch.no_grad():
        parameters = dict(network.named_parameters())
        for key, parameter in parameters.items():
            owner, own = key.rsplit(".", 1)
            shared = next(k for k in tensors if k.rsplit(".", 1)[0] == owner and roles.get(k.rsplit(".", 1)[1], k.rsplit(".", 1)[1]) == own)
            parameter.copy_(tensors[shared])
    # Only weights decay, as in our optimisers.
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    images, labels = tensors["images"], tensors["labels"].long()
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        losses, milliseconds = [], []
        for _ in range(int(line)):
            begin = time.perf_counter()
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            milliseconds.append((time.perf_counter() - begin) * 1000)
        print(json.dumps({"losses": losses, "milliseconds": milliseconds}), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    print(json.dumps({"peakMegabytes": peak}), flush=True)


main()
