"""The truth that the corpus is held against: PyTorch really builds and runs every public builder.

Knows nothing of MorphNet. Parameters are summed, multiply-adds are counted by PyTorch's own flop counter, names come
from `named_modules`, and a module's place is the line of the call that made it, from the stack at its construction.

    python truth.py list SITE REQUIREMENTS                  prints the builders as JSON
    python truth.py measure SITE REQUIREMENTS TRUTH         measures the builders named on standard input, one a line

SITE holds torchvision and timm as text, REQUIREMENTS what they import beside PyTorch, TRUTH gets one JSON file a builder.
"""

import inspect
import json
import os
import sys
import time

sys.dont_write_bytecode = True
mode, site, requirements = sys.argv[1:4]
site = os.path.realpath(site)
sys.path[:0] = [site, requirements]

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import box_operators

torch.set_num_threads(1)
# The fused path hides its products from the flop counter.
torch.backends.mha.set_fastpath_enabled(False)

torch_folder = os.path.dirname(torch.__file__) + os.sep
plain_init = nn.Module.__init__


def construction(module):
    """The frame that made a module: out of its own constructors, and out of PyTorch, which may have made it inside another."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        own = code.co_name == "__init__" and frame.f_locals.get(code.co_varnames[0]) is module
        if not own and not code.co_filename.startswith(torch_folder):
            return frame
        frame = frame.f_back
    return None


def watched_init(self, *args, **kwargs):
    frame = construction(self)
    place = frame and (os.path.relpath(frame.f_code.co_filename, site), frame.f_lineno)
    object.__setattr__(self, "made_at", place)
    plain_init(self, *args, **kwargs)


nn.Module.__init__ = watched_init


# --- Builders ------------------------------------------------------------------------------------------------------

image = [[3, 224, 224]]
no_weights = {"weights": None}
no_backbone_weights = {"weights": None, "weights_backbone": None}


def torchvision_groups():
    """(kind, module, keyword arguments, input shapes) of every family of builders."""
    from torchvision import models
    from torchvision.models import detection, optical_flow, quantization, segmentation, video

    return [
        ("classification", models, no_weights, image),
        ("segmentation", segmentation, no_backbone_weights, image),
        ("video", video, no_weights, [[3, 16, 224, 224]]),
        ("detection", detection, no_backbone_weights, [[3, 800, 800]]),
        ("optical flow", optical_flow, no_weights, image * 2),
        ("quantized", quantization, {**no_weights, "quantize": False}, image),
    ]


def torchvision_builders():
    from torchvision import models

    for kind, module, keywords, shapes in torchvision_groups():
        for name in models.list_models(module=module):
            builder = models.get_model_builder(name)
            if name == "inception_v3" or name == "quantized_inception_v3":
                shapes_of_this = [[3, 299, 299]]
            else:
                shapes_of_this = shapes
            yield f"{module.__name__}.{name}", kind, builder, keywords, shapes_of_this


def timm_builders():
    import timm

    for name in timm.list_models():
        config = timm.get_pretrained_cfg(name, allow_unregistered=True)
        shapes = [list(config.input_size)] if config and config.input_size else image
        # Whether it is convolutional is seen when it runs.
        yield f"timm.{name}", "timm", timm.model_entrypoint(name), {}, shapes


def all_builders():
    yield from torchvision_builders()
    yield from timm_builders()


def listed(name, kind, builder, keywords, shapes):
    function = inspect.unwrap(builder)
    arguments = ", ".join(f"{key}={value!r}" for key, value in keywords.items())
    return {
        "name": name,
        "kind": kind,
        "file": os.path.relpath(inspect.getsourcefile(function), site),
        "entry": f"{function.__name__}({arguments})",
        "input": shapes,
    }


# --- Measuring -----------------------------------------------------------------------------------------------------


def product(numbers):
    result = 1
    for number in numbers:
        result *= int(number)
    return result


def multiply_adds(module, inputs, output):
    """Of one call of a layer of PyTorch; None where only the flop counter can tell."""
    if not isinstance(output, torch.Tensor):
        return None
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        return inputs[0].numel() * module.out_channels // module.groups * product(module.kernel_size)
    if isinstance(module, nn.modules.conv._ConvNd):
        return output.numel() * (module.in_channels // module.groups) * product(module.kernel_size)
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    return None


containers = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict)


def is_layer(module):
    """A layer of PyTorch's, or made from one by inheritance: what a table lists in a row of its own."""
    made_from = [one for one in type(module).__mro__ if one not in containers]
    return any(one.__module__.startswith("torch.nn.modules.") for one in made_from)


def overlaps(module):
    """Whether the windows of a convolution overlap; those of patches do not."""
    return isinstance(module, nn.modules.conv._ConvNd) and any(
        size > step for size, step in zip(module.kernel_size, module.stride)
    )


def measure_on(device, builder, keywords, shapes):
    with torch.device(device):
        model = builder(**keywords).eval().requires_grad_(False)
    calls = {}

    def watch(name):
        def after(module, inputs, output):
            calls.setdefault(name, []).append(multiply_adds(module, inputs, output))

        return after

    for name, module in model.named_modules():
        module.register_forward_hook(watch(name))
    inputs = [torch.zeros(1, *shape, device=device) for shape in shapes]
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(*inputs)
    operations = {str(op): flops // 2 for op, flops in counter.get_flop_counts()["Global"].items()}
    attention = any("bmm" in name or "dot_product" in name for name in operations)
    windows = any(overlaps(module) for name, module in model.named_modules() if name in calls)
    layers = []
    for name, module in model.named_modules():
        own = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        macs = calls.get(name, [])
        if not is_layer(module) or (own == 0 and all(one is None for one in macs)):
            continue
        file, line = module.made_at or (None, None)
        layers.append(
            {
                "name": name,
                "type": type(module).__name__,
                "params": own,
                "calls": len(macs),
                "macs": None if None in macs else sum(macs),
                "file": file,
                "line": line,
            }
        )
    return {
        "torch": torch.__version__,
        "device": device,
        "params": sum(parameter.numel() for parameter in model.parameters()),
        "macs": counter.get_total_flops() // 2,
        "operations": operations,
        "convolutional": windows and not attention,
        "modules": [name for name, _ in model.named_modules()],
        "layers": layers,
    }


def measure(builder, keywords, shapes):
    """Without memory where that suffices; with numbers where the model looks at its data."""
    failures = []
    for device in ("meta", "cpu"):
        try:
            torch.manual_seed(0)
            return measure_on(device, builder, keywords, shapes)
        except Exception as error:  # noqa: BLE001  (whatever a builder raises is its result)
            failures.append(f"{device}: {error!r}"[:500])
    return {"torch": torch.__version__, "failures": failures}


def main():
    import torchvision.ops  # noqa: F401

    box_operators.announce()
    if mode == "list":
        print(json.dumps([listed(*builder) for builder in all_builders()]))
        return
    folder = sys.argv[4]
    wanted = set(sys.stdin.read().split())
    for name, _kind, builder, keywords, shapes in all_builders():
        if name not in wanted:
            continue
        started = time.perf_counter()
        truth = measure(builder, keywords, shapes)
        truth["seconds"] = round(time.perf_counter() - started, 3)
        path = os.path.join(folder, f"{name}.json")
        with open(f"{path}.part", "w", encoding="utf-8") as file:
            json.dump(truth, file)
        os.replace(f"{path}.part", path)
        print(name, f"{truth['seconds']} s", *truth.get("failures", []), flush=True)


main()
