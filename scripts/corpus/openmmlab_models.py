"""Builds every classifier that the configurations of the installed MMPretrain tell of, and prints what each costs.

    python openmmlab_models.py [FOLDER]

One JSON line each: the configuration's path, the image, parameters by name, and the multiply-adds of one image, as PyTorch's own
counter has them; or why the library cannot build or run it. Of configurations with the same model the first counts. Tensors are on
the meta device: nothing is computed.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import mmpretrain  # noqa: E402
import mmpretrain.models  # noqa: E402, F401
import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmpretrain.registry import MODELS  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

linspace = torch.linspace
# Numbers that constructors read one by one, such as how much of a block is dropped, are computed.
torch.linspace = lambda *args, **keywords: linspace(*args, **{**keywords, "device": "cpu"})

INSTALLED = Path(mmpretrain.__file__).parent / ".mim" / "configs"


def plain(settings):
    """Settings without what changes no layer."""
    left_out = ("init_cfg", "train_cfg", "loss", "data_preprocessor", "pretrained", "topk", "cal_acc", "drop_path_rate", "drop_rate")
    if isinstance(settings, dict):
        return {key: plain(value) for key, value in sorted(settings.items()) if key not in left_out}
    return [plain(item) for item in settings] if isinstance(settings, (list, tuple)) else settings


def image_of(settings, model):
    backbone = model.get("backbone", {})
    if "CIFAR" in str(settings.get("dataset_type", "")):
        side = 32
    elif backbone.get("type") == "LeNet5":
        return [1, 32, 32]
    else:
        side = backbone.get("img_size", 224)
    height, width = side if isinstance(side, (list, tuple)) else (side, side)
    return [backbone.get("in_channels", 3) if backbone.get("type") != "HRNet" else 3, height, width]


def figures(settings, image):
    with torch.device("meta"):
        model = MODELS.build(settings).eval()
        given = torch.zeros(1, *image)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(given)
    params = {name: parameter.numel() for name, parameter in model.named_parameters()}
    return {"params": params, "macs": counter.get_total_flops() // 2}


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else INSTALLED
    print(json.dumps({"version": mmpretrain.__version__}), flush=True)
    seen = set()
    for path in sorted(folder.rglob("*.py")):
        if "_base_" in path.parts:
            continue
        try:
            settings = Config.fromfile(str(path))
        except Exception as error:
            print(json.dumps({"path": str(path), "failure": f"{type(error).__name__}: {error}"[:200]}), flush=True)
            continue
        model = settings.get("model")
        if not isinstance(model, dict) or str(model.get("type", "")).split(".")[-1] != "ImageClassifier":
            continue
        image = image_of(settings, model)
        key = json.dumps([plain(model.to_dict()), image], default=str)
        if key in seen:
            continue
        seen.add(key)
        line = {"path": str(path), "image": image}
        try:
            model.pop("init_cfg", None)
            line.update(figures(model, image))
        except Exception as error:
            line["failure"] = f"{type(error).__name__}: {error}"[:200]
        print(json.dumps(line), flush=True)


main()
