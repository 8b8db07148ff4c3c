# morphnet: entry=MobileNetV2() input=3x32x32
"""MobileNetV2 (M. Sandler et al., 2018) at the size of CIFAR's images: fewer strides than for 224x224 ones.

Each block widens its input with a 1x1 convolution, filters every channel by itself, and projects back. The table below
says how often and how wide; ``width_mult`` scales all widths at once.
"""

from collections import OrderedDict
from functools import partial

import torch
from torch import nn


def make_divisible(value, divisor=8):
    """The multiple of ``divisor`` nearest to ``value`` that is at most 10 % smaller."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class ConvNormActivation(nn.Sequential):
    """A convolution that keeps the size at stride 1, then a normalisation and ReLU6 where wanted."""

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, groups=1, batch_norm=True, activation=True):
        layers = OrderedDict()
        layers["conv"] = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=(kernel_size - 1) // 2,
            groups=groups,
            bias=not batch_norm,
        )
        if batch_norm:
            layers["norm"] = nn.BatchNorm2d(out_channels)
        if activation:
            layers["act"] = nn.ReLU6(inplace=True)
        super().__init__(layers)


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; with a shortcut where the shape stays."""

    def __init__(self, in_channels, out_channels, stride, expansion, batch_norm=True):
        super().__init__()
        hidden = in_channels * expansion
        self.use_shortcut = stride == 1 and in_channels == out_channels
        block = partial(ConvNormActivation, batch_norm=batch_norm)
        layers = []
        if expansion != 1:
            layers.append(block(in_channels, hidden, kernel_size=1))
        layers.extend(
            [
                block(hidden, hidden, stride=stride, groups=hidden),
                block(hidden, out_channels, kernel_size=1, activation=False),
            ]
        )
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        if self.use_shortcut:
            return x + self.layers(x)
        return self.layers(x)


class MobileNetV2(nn.Module):
    """The whole network; see the table of settings."""

    # expansion, channels, repetitions, first stride
    settings = [
        (1, 16, 1, 1),
        (6, 24, 2, 1),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]

    def __init__(self, num_classes=10, width_mult=1.0, batch_norm=True, dropout=0.2):
        super().__init__()
        channels = make_divisible(32 * width_mult)
        self.stem = ConvNormActivation(3, channels, batch_norm=batch_norm)
        blocks = []
        for expansion, width, repetitions, first_stride in self.settings:
            out_channels = make_divisible(width * width_mult)
            for i in range(repetitions):
                stride = first_stride if i == 0 else 1
                blocks.append(InvertedResidual(channels, out_channels, stride, expansion, batch_norm))
                channels = out_channels
        self.blocks = nn.Sequential(*blocks)
        last_channels = make_divisible(1280 * max(1.0, width_mult))
        self.head = ConvNormActivation(channels, last_channels, kernel_size=1, batch_norm=batch_norm)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(last_channels, num_classes),
        )

    def forward(self, x):
        x = self.head(self.blocks(self.stem(x)))
        x = x.mean(dim=(2, 3))
        return self.classifier(x)


if __name__ == "__main__":
    print(MobileNetV2()(torch.randn(1, 3, 32, 32)).shape)
