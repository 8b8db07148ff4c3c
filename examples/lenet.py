# morphnet: entry=LeNet(batch_norm=True) input=1x28x28
"""A LeNet-like network for 28x28 grey images, such as MNIST's digits.

The layers stand in one ``nn.Sequential``, so each width is written where it is used and once more where it is
consumed. ``batch_norm=True`` puts a batch normalisation behind each convolution; MorphNet's Gamma regularisers read
their scales.
"""

import torch
from torch import nn


def conv_block(in_channels, out_channels, padding, batch_norm):
    """A 5x5 convolution, its activation and a pool that halves height and width."""
    layers = [nn.Conv2d(in_channels, out_channels, kernel_size=5, padding=padding, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out_channels))
    layers += [nn.ReLU(), nn.MaxPool2d(2)]
    return layers


class LeNet(nn.Module):
    """Two convolutions and three dense layers, wider than the classic so that there is something to take away."""

    def __init__(self, num_classes=10, batch_norm=False):
        super().__init__()
        self.features = nn.Sequential(
            *conv_block(1, 32, padding=2, batch_norm=batch_norm),
            *conv_block(32, 64, padding=0, batch_norm=batch_norm),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


if __name__ == "__main__":
    model = LeNet(batch_norm=True)
    print(model(torch.randn(1, 1, 28, 28)).shape)
