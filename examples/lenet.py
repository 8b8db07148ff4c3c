"""LeNet for 28 x 28 grey images, as one ``nn.Sequential``.

The layers follow LeCun et al., "Gradient-Based Learning Applied to Document Recognition" (1998), with ReLU,
max pooling and widths that leave MorphNet something to find.
"""

# morphnet: entry=LeNet(batch_norm=True) input=1x28x28
# morphnet: entry=LeNet(batch_norm=False) input=1x28x28

import torch
from torch import nn


class LeNet(nn.Module):
    """Two convolutions and two hidden dense layers; ``batch_norm`` normalises every hidden layer."""

    def __init__(self, num_classes=10, batch_norm=True):
        super().__init__()
        if batch_norm:
            self.layers = nn.Sequential(
                nn.Conv2d(1, 32, kernel_size=5, padding=2, bias=False),
                nn.BatchNorm2d(32),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(32, 64, kernel_size=5, bias=False),
                nn.BatchNorm2d(64),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(64 * 5 * 5, 128, bias=False),
                nn.BatchNorm1d(128),
                nn.ReLU(),
                nn.Linear(128, num_classes),
            )
        else:
            self.layers = nn.Sequential(
                nn.Conv2d(1, 32, kernel_size=5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(32, 64, kernel_size=5),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(64 * 5 * 5, 128),
                nn.ReLU(),
                nn.Linear(128, num_classes),
            )

    def forward(self, images):
        return self.layers(images)


if __name__ == "__main__":
    print(LeNet()(torch.randn(1, 1, 28, 28)).shape)
