"""A small network that tells bars, crosses and rings apart, with more channels than that takes.

MorphNet's walkthrough opens it with drawings to train on; a run takes less than a minute.
"""

# morphnet: entry=Shapes() input=1x28x28

import torch
from torch import nn
from torch.nn import functional as F


class Shapes(nn.Module):
    def __init__(self, num_classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(32)
        self.head = nn.Linear(32, num_classes)

    def forward(self, images):
        x = F.relu(self.bn1(self.conv1(images)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(self.bn3(self.conv3(x)))
        return self.head(x.mean((2, 3)))


if __name__ == "__main__":
    print(Shapes()(torch.randn(1, 1, 28, 28)).shape)
