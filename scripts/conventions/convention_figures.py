"""What the public counters say of models: totals and, where they tell, layers. Knows nothing of MorphNet.

    python convention_figures.py FILE        prints one JSON object: {model: {counter: total or null}}

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


def by_torch(model, x):
    counter = FlopCounterMode(display=False)
    # The fused kernel for CPUs hides its products from the counter.
    with counter, sdpa_kernel(SDPBackend.MATH):
        model(x)
    return counter.get_total_flops()


def by_torchvision(model, x):
    return by_torch(model, x) // 2


def by_fvcore(model, x):
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(model, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def by_thop(model, x):
    from thop import profile

    return int(profile(model, inputs=(x,), verbose=False)[0])


def by_ultralytics(model, x):
    return 2 * by_thop(model, x)


def by_torchinfo(model, x):
    from torchinfo import summary

    return int(summary(model, input_data=x, verbose=0).total_mult_adds)


def by_ptflops(model, x):
    from ptflops import get_model_complexity_info

    shape = tuple(x.shape[1:])
    total, _ = get_model_complexity_info(model, shape, as_strings=False, print_per_layer_stat=False, verbose=False, backend="aten")
    return int(total)


def by_ptflops_pytorch(model, x):
    from ptflops import get_model_complexity_info

    shape = tuple(x.shape[1:])
    total, _ = get_model_complexity_info(model, shape, as_strings=False, print_per_layer_stat=False, verbose=False, backend="pytorch")
    return int(total)


def by_deepspeed(model, x):
    from deepspeed.profiling.flops_profiler import FlopsProfiler

    profiler = FlopsProfiler(model)
    profiler.start_profile()
    model(x)
    total = profiler.get_total_flops()
    profiler.end_profile()
    return int(total)


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
                figures[name][counter] = count(model, torch.randn(1, *shape))
        except ImportError:
            continue
        except Exception as problem:  # A counter's own failure is a finding, not ours.
            figures[name][counter] = None
            print(f"{counter} fails on {name}: {type(problem).__name__}: {problem}", file=sys.stderr)
print(json.dumps(figures))
