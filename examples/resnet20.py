# morphnet: entry=resnet20() input=3x32x32
"""Residual networks for CIFAR's 32x32 images (K. He et al., 2015, section 4.2): three stages of 16, 32 and 64 channels.

Where a stage begins, the shortcut has to change shape. Option ``"A"`` takes every second pixel and fills the new
channels with zeros, without parameters; option ``"B"`` is a 1x1 convolution.
"""

import torch
import torch.nn.functional as F
from torch import nn


class PaddedShortcut(nn.Module):
    """Option A: subsamples height and width and adds zero channels on both sides."""

    def __init__(self, extra_channels):
        super().__init__()
        self.before = extra_channels // 2
        self.after = extra_channels - self.before

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them."""

    def __init__(self, in_planes, planes, stride=1, option="A", norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = norm_layer(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding=1, bias=False)
        self.bn2 = norm_layer(planes)
        self.shortcut = nn.Identity()
        if stride != 1 or in_planes != planes:
            if option == "A":
                self.shortcut = PaddedShortcut(planes - in_planes)
            elif option == "B":
                self.shortcut = nn.Sequential(
                    nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False),
                    norm_layer(planes),
                )
            else:
                raise ValueError(f"There is no shortcut option {option!r}; use 'A' or 'B'")

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    """A first convolution, three stages of ``block`` and one dense layer."""

    def __init__(self, block, num_blocks, num_classes=10, option="A", norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.in_planes = 16
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = norm_layer(16)
        self.layer1 = self._make_layer(block, 16, num_blocks[0], 1, option, norm_layer)
        self.layer2 = self._make_layer(block, 32, num_blocks[1], 2, option, norm_layer)
        self.layer3 = self._make_layer(block, 64, num_blocks[2], 2, option, norm_layer)
        self.linear = nn.Linear(64, num_classes)

    def _make_layer(self, block, planes, num_blocks, stride, option, norm_layer):
        strides = [stride] + [1] * (num_blocks - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride, option, norm_layer))
            self.in_planes = planes
        return nn.Sequential(*layers)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer1(out)
        out = self.layer2(out)
        out = self.layer3(out)
        out = F.avg_pool2d(out, out.size()[3])
        out = out.view(out.size(0), -1)
        return self.linear(out)


def resnet20(option="A", batch_norm=True):
    norm_layer = nn.BatchNorm2d if batch_norm else nn.Identity
    return ResNet(BasicBlock, [3, 3, 3], option=option, norm_layer=norm_layer)


if __name__ == "__main__":
    net = resnet20(option="B")
    print(net(torch.randn(1, 3, 32, 32)).size())
