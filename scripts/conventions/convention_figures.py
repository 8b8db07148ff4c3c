"""What the public counters say of models: totals and, where they tell, layers. Knows nothing of MorphNet.

    python convention_figures.py FILE        prints one JSON object: {model: {counter: {"total": n, "layers": {module: n}} or null}}

FILE is a Python module whose `models` is a list of (name, input shape); each name is a class of the module.
Counters that are not installed are left out.
"""

import contextlib
import importlib.util
import io
import json
import sys
import warnings

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

warnings.filterwarnings("ignore")
specification = importlib.util.spec_from_file_location("counted_models", sys.argv[1])
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)


def leaves(model):
    """The modules that hold no others, by name; a counter's figure of any other is a sum."""
    return {name: module for name, module in model.named_modules() if name and not list(module.children())}


def by_torch(model, x):
    counter = FlopCounterMode(display=False)
    # The fused kernel for CPUs hides its products from the counter.
    with counter, sdpa_kernel(SDPBackend.MATH):
        model(x)
    counts = {name.partition(".")[2]: sum(each.values()) for name, each in counter.get_flop_counts().items()}
    return counter.get_total_flops(), {name: counts.get(name, 0) for name in leaves(model)}


def by_torchvision(model, x):
    total, layers = by_torch(model, x)
    return total // 2, {name: count // 2 for name, count in layers.items()}


def by_fvcore(model, x):
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counts = analysis.by_module()
    return int(analysis.total()), {name: int(counts[name]) for name in leaves(model)}


def by_thop(model, x):
    from thop import profile

    total, _, nested = profile(model, inputs=(x,), verbose=False, ret_layer_info=True)
    layers = {}

    def visit(prefix, children):
        for name, (count, _, inner) in children.items():
            layers[prefix + name] = int(count)
            visit(f"{prefix}{name}.", inner)

    visit("", nested)
    return int(total), {name: layers.get(name, 0) for name in leaves(model)}


def by_ultralytics(model, x):
    total, layers = by_thop(model, x)
    return 2 * total, {name: 2 * count for name, count in layers.items()}


def by_torchinfo(model, x):
    from torchinfo import summary

    found = summary(model, input_data=x, verbose=0)
    names = {id(module): name for name, module in leaves(model).items()}
    layers = dict.fromkeys(names.values(), 0)
    for layer in found.summary_list:
        if id(layer.module) in names:
            layers[names[id(layer.module)]] += int(layer.macs)
    return int(found.total_mult_adds), layers


def by_ptflops(model, x):
    from ptflops import get_model_complexity_info

    shape = tuple(x.shape[1:])
    total, _ = get_model_complexity_info(model, shape, as_strings=False, print_per_layer_stat=False, verbose=False, backend="aten")
    return int(total), {}


def by_ptflops_pytorch(model, x):
    from ptflops import get_model_complexity_info

    shape = tuple(x.shape[1:])
    total, _ = get_model_complexity_info(model, shape, as_strings=False, print_per_layer_stat=False, verbose=False, backend="pytorch")
    return int(total), {}


def by_deepspeed(model, x):
    from deepspeed.profiling.flops_profiler import FlopsProfiler

    profiler = FlopsProfiler(model)
    profiler.start_profile()
    model(x)
    total = profiler.get_total_flops()
    layers = {name: int(module.__flops__) for name, module in leaves(model).items()}
    profiler.end_profile()
    return int(total), layers


counters = {
    "torch": by_torch,
    "torchvision": by_torchvision,
    "fvcore": by_fvcore,
    "thop": by_thop,
    "ultralytics": by_ultralytics,
    "torchinfo": by_torchinfo,
    "ptflops": by_ptflops,
    "ptflops-pytorch": by_ptflops_pytorch,
    "deepspeed": by_deepspeed,
}
figures = {}
for name, shape in module.models:
    figures[name] = {}
    for counter, count in counters.items():
        torch.manual_seed(0)
        model = getattr(module, name)().eval()
        try:
            with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
                total, layers = count(model, torch.randn(1, *shape))
            figures[name][counter] = {"total": total, "layers": layers}
        except ImportError:
            continue
        except Exception as problem:  # A counter's own failure is a finding, not ours.
            figures[name][counter] = None
            print(f"{counter} fails on {name}: {type(problem).__name__}: {problem}", file=sys.stderr)
print(json.dumps(figures))
