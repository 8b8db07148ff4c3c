"""What is done today to learn a model's FLOPs: import torchvision, build the model on the meta device, run it, count.

    python meta_flops.py SITE REQUIREMENTS

SITE holds torchvision as text, REQUIREMENTS what it imports beside PyTorch. Prints FLOPs and parameters.
"""

import os
import sys

sys.path[:0] = [sys.argv[1], sys.argv[2], os.path.join(os.path.dirname(__file__), "corpus")]

import torch
import box_operators
import torchvision
from torch.utils.flop_counter import FlopCounterMode

with torch.device("meta"):
    model = torchvision.models.resnet50().eval()
    image = torch.randn(1, 3, 224, 224)
with torch.no_grad(), FlopCounterMode(display=False) as counter:
    model(image)
print(counter.get_total_flops(), sum(parameter.numel() for parameter in model.parameters()))
