"""A MobileNetV2 for 32 x 32 images: inverted residuals with depthwise convolutions, from a table of settings.

After Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), with strides and depths that
suit small images.
"""

# morphnet: entry=MobileNetV2() input=3x32x32
# morphnet: entry=MobileNetV2(batch_norm=False) input=3x32x32

import torch
from torch import nn


def conv_norm(in_channels, out_channels, kernel_size=3, stride=1, groups=1, batch_norm=True, activation=True):
    """A convolution, its normalisation and its activation, as far as they are wanted."""
    padding = (kernel_size - 1) // 2
    layers = [
        nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=not batch_norm)
    ]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out_channels))
    if activation:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expands, filters each channel by itself, and projects back to few channels."""

    def __init__(self, in_channels, out_channels, stride, expand_ratio, batch_norm):
        super().__init__()
        hidden = in_channels * expand_ratio
        self.use_shortcut = stride == 1 and in_channels == out_channels
        layers = []
        if expand_ratio != 1:
            layers.append(conv_norm(in_channels, hidden, kernel_size=1, batch_norm=batch_norm))
        layers.append(conv_norm(hidden, hidden, stride=stride, groups=hidden, batch_norm=batch_norm))
        layers.append(conv_norm(hidden, out_channels, kernel_size=1, batch_norm=batch_norm, activation=False))
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        if self.use_shortcut:
            return x + self.conv(x)
        return self.conv(x)


class MobileNetV2(nn.Module):
    #: expansion, channels, repeats, stride of the first repeat
    settings = [
        (1, 16, 1, 1),
        (6, 24, 2, 1),
        (6, 32, 2, 2),
        (6, 64, 2, 2),
        (6, 96, 1, 1),
        (6, 160, 1, 2),
    ]

    def __init__(self, num_classes=10, batch_norm=True):
        super().__init__()
        channels = 32
        self.stem = conv_norm(3, channels, batch_norm=batch_norm)
        blocks = []
        for expand_ratio, width, repeats, first_stride in self.settings:
            for index in range(repeats):
                stride = first_stride if index == 0 else 1
                blocks.append(InvertedResidual(channels, width, stride, expand_ratio, batch_norm))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.head = conv_norm(channels, 320, kernel_size=1, batch_norm=batch_norm)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(320, num_classes)

    def forward(self, images):
        features = self.head(self.blocks(self.stem(images)))
        return self.classifier(self.pool(features).flatten(1))
