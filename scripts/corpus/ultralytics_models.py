"""Builds every model table of the installed Ultralytics package at every scale, and prints what each costs.

    python ultralytics_models.py

One JSON line each: the table's path, the scale, parameters, and the multiply-adds of one image, as PyTorch's own counter has
them. Tensors are on the meta device: nothing is computed. Libraries that the package draws and reads images with need not be
there.
"""

import importlib.abc
import importlib.machinery
import json
import sys
import types
import warnings
from pathlib import Path
from unittest.mock import MagicMock

# What the package imports but does not build models with.
UNUSED = {"cv2", "matplotlib", "pandas", "polars", "psutil", "requests", "scipy", "seaborn", "ultralytics_thop"}


class Unused(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in UNUSED:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda attribute: MagicMock(name=attribute)
        return module

    def exec_module(self, module):
        module.__version__ = "0"


sys.meta_path.append(Unused())
warnings.simplefilter("ignore")

import torch  # noqa: E402
import ultralytics  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
from ultralytics.nn import tasks  # noqa: E402
from ultralytics.utils import YAML  # noqa: E402


def figures(table, scale, size):
    with torch.device("meta"):
        table = {**table, "scale": scale}
        model, _ = tasks.parse_model(table, ch=table.get("ch", 3), verbose=False)
        parameters = sum(parameter.numel() for parameter in model.parameters())
        image = torch.zeros(1, table.get("ch", 3), size, size)
        model.train()
        counter = FlopCounterMode(display=False)
        outputs, last = [], image
        with counter, torch.no_grad():
            for layer in model:
                sources = layer.f if isinstance(layer.f, list) else [layer.f]
                chosen = [last if source == -1 else outputs[source] for source in sources]
                given = chosen if isinstance(layer.f, list) else chosen[0]
                if type(layer).__name__ == "SemanticSegment":
                    layer.eval()
                last = layer(given)
                outputs.append(last)
            # What training leaves out of a head, and what only training has.
            head = model[-1]
            if getattr(head, "reg_max", 1) > 1 and hasattr(head, "dfl"):
                boxes = last["one2one"]["boxes"] if "one2one" in last else last["boxes"]
                head.dfl(boxes)
        macs = counter.get_total_flops() // 2
        if type(head).__name__ == "Segment26":
            with FlopCounterMode(display=False) as extra, torch.no_grad():
                head.proto.semseg(outputs[head.f[0]])
            macs -= extra.get_total_flops() // 2
    return {"params": parameters, "macs": macs}


def main():
    folder = Path(ultralytics.__file__).parent / "cfg/models"
    print(json.dumps({"version": ultralytics.__version__}), flush=True)
    for path in sorted(folder.glob("*/*.yaml")):
        table = YAML.load(path)
        size = 224 if "-cls" in path.stem else 640
        for scale in table.get("scales") or [""]:
            line = {"path": str(path), "scale": scale}
            if "TorchVision" in path.read_text():
                # Its module fetches weights from elsewhere.
                print(json.dumps({**line, "failure": "not built"}), flush=True)
                continue
            try:
                line |= figures(YAML.load(path), scale, size)
            except Exception as error:
                line["failure"] = f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
