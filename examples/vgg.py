"""VGG for 32 x 32 images, built from a list of widths in which ``'M'`` stands for max pooling.

After Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015), with one
dense layer at the end as is usual on CIFAR.
"""

# morphnet: entry=vgg11() input=3x32x32
# morphnet: entry=vgg11(batch_norm=False) input=3x32x32
# morphnet: entry=vgg16() input=3x32x32

import torch
from torch import nn

CONFIGURATIONS = {
    "vgg11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg16": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
}


def make_layers(configuration, batch_norm):
    """Turns a list of widths and markers into a feature extractor."""
    layers = []
    in_channels = 3
    for entry in configuration:
        if entry == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(in_channels, entry, kernel_size=3, padding=1, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(entry))
        layers.append(nn.ReLU(inplace=True))
        in_channels = entry
    return nn.Sequential(*layers), in_channels


class VGG(nn.Module):
    def __init__(self, configuration, num_classes=10, batch_norm=True):
        super().__init__()
        self.features, width = make_layers(configuration, batch_norm)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, images):
        features = self.features(images)
        return self.classifier(torch.flatten(features, 1))


def vgg11(**options):
    return VGG(CONFIGURATIONS["vgg11"], **options)


def vgg16(**options):
    return VGG(CONFIGURATIONS["vgg16"], **options)
