# morphnet: entry=vgg11(batch_norm=True) input=3x32x32
"""VGG networks for 32x32 colour images (K. Simonyan and A. Zisserman, 2014), made from lists of widths.

A number in a list is a 3x3 convolution with that many filters; ``"M"`` is a max pool that halves height and width.
"""

from typing import List, Union, cast

import torch
from torch import nn

CONFIGS = {
    "A": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "B": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "D": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
}


def make_layers(config: List[Union[str, int]], batch_norm: bool = False) -> nn.Sequential:
    """The convolutional part of a network, one entry of the list after the other."""
    layers: List[nn.Module] = []
    in_channels = 3
    for entry in config:
        if entry == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        width = cast(int, entry)
        convolution = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        if batch_norm:
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        else:
            layers += [convolution, nn.ReLU(inplace=True)]
        in_channels = width
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """The convolutions of a config, then one dense layer on the pooled features."""

    def __init__(self, features: nn.Sequential, width: int, num_classes: int = 10, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(width, num_classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


def _vgg(name: str, batch_norm: bool, **kwargs) -> VGG:
    config = CONFIGS[name]
    last_width = [entry for entry in config if entry != "M"][-1]
    return VGG(make_layers(config, batch_norm=batch_norm), last_width, **kwargs)


def vgg11(batch_norm: bool = False, **kwargs) -> VGG:
    return _vgg("A", batch_norm, **kwargs)


def vgg13(batch_norm: bool = False, **kwargs) -> VGG:
    return _vgg("B", batch_norm, **kwargs)


def vgg16(batch_norm: bool = False, **kwargs) -> VGG:
    return _vgg("D", batch_norm, **kwargs)
