"""Exports models of torchvision to ONNX with PyTorch's exporters, and says what each costs.

    python onnx_models.py FOLDER [NAME ...]

Writes FOLDER/NAME.onnx, and prints one JSON line a file: its path, the model's parameters, and the multiply-adds of one image,
as PyTorch's own counter has them. Weights are random. Batch norms stay as they are where the exporter can leave them.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

NAMES = [
    "alexnet", "convnext_tiny", "deeplabv3_mobilenet_v3_large", "densenet121", "efficientnet_b0", "efficientnet_v2_s",
    "fcn_resnet50", "googlenet", "inception_v3", "lraspp_mobilenet_v3_large", "mnasnet0_5", "mobilenet_v2",
    "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnet50", "resnext50_32x4d",
    "shufflenet_v2_x1_0", "squeezenet1_1", "swin_t", "vgg11_bn", "vit_b_16", "wide_resnet50_2",
]
# One of each exporter and age: operator sets 9 to 18 by tracing, and the newest by the graph exporter.
WAYS = [("traced", 9), ("traced", 11), ("traced", 13), ("traced", 17), ("graph", 18)]


def arguments(name):
    if name in ("googlenet", "inception_v3"):
        return {"weights": None, "init_weights": False, "aux_logits": False}
    if name.startswith(("deeplab", "fcn", "lraspp")):
        return {"weights": None, "weights_backbone": None}
    return {"weights": None}


def figures(model, image):
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(image)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"params": parameters, "macs": counter.get_total_flops() // 2}


def export(model, image, path, way, opset):
    if way == "graph":
        torch.onnx.export(model, (image,), path, opset_version=opset, dynamo=True, external_data=False, verbose=False)
        return
    torch.onnx.export(
        model, (image,), path, opset_version=opset, dynamo=False, do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE, dynamic_axes={"image": {0: "batch"}} if opset % 2 else None,
        input_names=["image"],
    )


def main(folder, *names):
    warnings.simplefilter("ignore")
    # The fused attention of inference is not counted.
    torch.backends.mha.set_fastpath_enabled(False)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names or NAMES):
        torch.manual_seed(0)
        model = getattr(models.segmentation if name.startswith(("deeplab", "fcn", "lraspp")) else models, name)(
            **arguments(name)
        ).eval()
        with torch.no_grad():
            # Exporters store equal tensors once: no two may be equal.
            for parameter in model.parameters():
                parameter.uniform_(0.01, 0.02)
        image = torch.zeros(1, 3, 299, 299) if name == "inception_v3" else torch.zeros(1, 3, 224, 224)
        way, opset = WAYS[index % len(WAYS)]
        path = folder / f"{name}.onnx"
        try:
            export(model, image, str(path), way, opset)
        except Exception as error:  # An exporter that cannot says so; that is no matter of ours.
            try:
                way, opset = "traced", 17
                export(model, image, str(path), way, opset)
            except Exception:
                print(json.dumps({"name": name, "failure": str(error).splitlines()[0][:200]}), flush=True)
                continue
        line = {"name": name, "path": str(path), "exporter": way, "opset": opset, **figures(model, image)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
