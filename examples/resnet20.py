"""ResNet-20 for 32 x 32 images.

After He et al., "Deep Residual Learning for Image Recognition" (2016), section 4.2: three stages of n = 3 blocks.
Shortcut ``"A"`` pads the missing channels with zeros, ``"B"`` projects with a 1 x 1 convolution.
"""

# morphnet: entry=resnet20() input=3x32x32
# morphnet: entry=resnet20(shortcut="A") input=3x32x32
# morphnet: entry=resnet20(batch_norm=False) input=3x32x32

import torch
from torch import nn
from torch.nn import functional as F


def norm(width, batch_norm):
    return nn.BatchNorm2d(width) if batch_norm else nn.Identity()


class PadShortcut(nn.Module):
    """Halves the resolution by striding and adds channels of zeros on both sides."""

    def __init__(self, in_planes, planes):
        super().__init__()
        self.before = (planes - in_planes) // 2
        self.after = planes - in_planes - self.before

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1, shortcut="B", batch_norm=True):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=not batch_norm)
        self.bn1 = norm(planes, batch_norm)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=not batch_norm)
        self.bn2 = norm(planes, batch_norm)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            if shortcut == "A":
                self.shortcut = PadShortcut(in_planes, planes)
            else:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1, stride=stride, bias=not batch_norm),
                    norm(self.expansion * planes, batch_norm),
                )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, block, num_blocks, num_classes=10, shortcut="B", batch_norm=True):
        super().__init__()
        self.in_planes = 16
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, stride=1, padding=1, bias=not batch_norm)
        self.bn1 = norm(16, batch_norm)
        self.layer1 = self._make_layer(block, 16, num_blocks[0], 1, shortcut, batch_norm)
        self.layer2 = self._make_layer(block, 32, num_blocks[1], 2, shortcut, batch_norm)
        self.layer3 = self._make_layer(block, 64, num_blocks[2], 2, shortcut, batch_norm)
        self.linear = nn.Linear(64 * block.expansion, num_classes)

    def _make_layer(self, block, planes, num_blocks, stride, shortcut, batch_norm):
        strides = [stride] + [1] * (num_blocks - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.in_planes, planes, stride, shortcut, batch_norm))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer1(out)
        out = self.layer2(out)
        out = self.layer3(out)
        out = F.avg_pool2d(out, out.size(3))
        out = out.view(out.size(0), -1)
        return self.linear(out)


def resnet20(**options):
    return ResNet(BasicBlock, [3, 3, 3], **options)


if __name__ == "__main__":
    print(resnet20()(torch.randn(1, 3, 32, 32)).shape)
