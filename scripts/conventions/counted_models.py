"""Models of many kinds for `npm run check:conventions`: small, each with something that counters disagree about."""

import torch
from torch import nn
from torch.nn import functional as F


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.Flatten(), nn.Linear(32 * 14 * 14, 10))

    def forward(self, x):
        return self.net(x)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(3)

    def forward(self, x):
        return F.relu(self.bn(self.a(x)) + x)


class Depthwise(nn.Module):
    def __init__(self):
        super().__init__()
        self.dw = nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False)
        self.pw = nn.Conv2d(16, 24, 1)
        self.act = nn.ReLU6()

    def forward(self, x):
        return self.act(self.pw(self.dw(x)))


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down = nn.Conv2d(16, 4, 1)
        self.up = nn.Conv2d(4, 16, 1)

    def forward(self, x):
        x = self.conv(x)
        return x * torch.sigmoid(self.up(F.relu(self.down(self.pool(x)))))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return self.out((q @ k.transpose(-2, -1)).softmax(dim=-1) @ v)


class FusedAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(32, 96, bias=False)
        self.norm = nn.LayerNorm(32)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).reshape(1, 16, 3, 4, 8).permute(2, 0, 3, 1, 4).unbind(0)
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, 16, 32)


class Transposed(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)

    def forward(self, x):
        return self.up(x)


class TransposedGrouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2, bias=False)

    def forward(self, x):
        return self.up(x)


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(16, 32, 3, groups=4)

    def forward(self, x):
        return self.conv(x)


class Dilated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, dilation=2, padding=2, stride=2)

    def forward(self, x):
        return self.conv(x)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        x = self.conv(self.conv(self.conv(x)))
        return self.head(x.mean(dim=(2, 3)))


class Upsampled(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.near = nn.Upsample(scale_factor=2)
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(self.near(self.up(x)))


class Interpolated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        return F.interpolate(self.conv(x), scale_factor=2, mode="nearest")


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(2)
        self.adaptive = nn.AdaptiveAvgPool2d(4)
        self.fc = nn.Linear(3 * 16, 5)

    def forward(self, x):
        return self.fc(self.adaptive(self.pool(x)).flatten(1))


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.group = nn.GroupNorm(2, 8)
        self.instance = nn.BatchNorm2d(8, affine=False)
        self.conv = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.instance(self.conv(self.group(x)))


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(24)
        self.up = nn.Linear(24, 48)
        self.act = nn.GELU()
        self.down = nn.Linear(48, 24, bias=False)

    def forward(self, x):
        return x + self.down(self.act(self.up(self.norm(x))))


class Softmaxed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(12, 6)
        self.soft = nn.Softmax(dim=1)

    def forward(self, x):
        return self.soft(self.fc(x))


class Slopes(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.act = nn.PReLU(8)
        self.leaky = nn.LeakyReLU(0.1)

    def forward(self, x):
        return self.leaky(self.act(self.conv(x)))


class OneDimensional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 5, padding=2)
        self.bn = nn.BatchNorm1d(8)

    def forward(self, x):
        return self.bn(self.conv(x))


class ThreeDimensional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm3d(4)

    def forward(self, x):
        return self.bn(self.conv(x))


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.filters = nn.Parameter(torch.randn(8, 3, 3, 3))

    def forward(self, x):
        return F.max_pool2d(F.relu(F.conv2d(x, self.filters, padding=1)), 2)


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 4, 1)
        self.two = nn.Conv2d(3, 4, 5, padding=2)
        self.bn = nn.BatchNorm2d(8)

    def forward(self, x):
        return self.bn(torch.cat([self.one(x), self.two(x)], dim=1))


class Batched(nn.Module):
    def forward(self, x):
        return torch.bmm(x, x.transpose(1, 2))


class ResizedToSize(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Upsample(size=(12, 20), mode="bilinear")
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        x = self.conv(self.up(x))
        return F.interpolate(F.interpolate(x, size=9), scale_factor=(3, 2), mode="bilinear")


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 12, batch_first=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(8, 12, num_layers=2, bidirectional=True, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


class Simple(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(8, 12, bias=False, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


class Stages(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.stages = nn.ModuleList(nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.GroupNorm(4, 8), nn.Hardswish()) for _ in range(3))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(8, 4))

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = x + stage(x)
        return self.head(x)


models = [
    ("Plain", (3, 32, 32)),
    ("Residual", (3, 32, 32)),
    ("Depthwise", (16, 20, 20)),
    ("SqueezeExcite", (3, 24, 24)),
    ("Attention", (16, 32)),
    ("FusedAttention", (16, 32)),
    ("Transposed", (8, 10, 10)),
    ("TransposedGrouped", (8, 10, 10)),
    ("Grouped", (16, 20, 20)),
    ("Dilated", (8, 20, 20)),
    ("Shared", (8, 16, 16)),
    ("Upsampled", (3, 8, 8)),
    ("Interpolated", (3, 8, 8)),
    ("Pooled", (3, 32, 32)),
    ("Norms", (8, 12, 12)),
    ("Tokens", (10, 24)),
    ("Softmaxed", (12,)),
    ("Slopes", (3, 16, 16)),
    ("OneDimensional", (4, 40)),
    ("ThreeDimensional", (2, 6, 10, 10)),
    ("Functional", (3, 16, 16)),
    ("Branches", (3, 16, 16)),
    ("Batched", (5, 7)),
    ("ResizedToSize", (3, 10, 10)),
    ("Sequence", (6, 8)),
    ("Gated", (6, 8)),
    ("Simple", (6, 8)),
    ("Stages", (3, 16, 16)),
]
