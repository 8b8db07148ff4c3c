"""Times networks in the user's PyTorch, on its GPU where there is one: what `morphnet calibrate --torch` measures a machine with.

Started by the trainer with a number format and a number of threads. Prints what it computes with; then reads a network a line
(its module's text, its class, the shapes of its inputs, how long to measure) and prints the time of a step for each.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import time
import types
from typing import Any, Dict, List

import torch

# Autocast's type, or the type of everything; float32 has neither.
AUTOCAST = {"amp": torch.float16, "amp_bf16": torch.bfloat16}
WHOLE = {"fp16": torch.float16, "bf16": torch.bfloat16}


def about(device: torch.device) -> Dict[str, str]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    return {
        "version": torch.__version__.split("+")[0],
        "device": "gpu" if device.type == "cuda" else "cpu",
        "name": name,
    }


def times_of(request: Dict[str, Any], device: torch.device, precision: str) -> List[float]:
    """Milliseconds of single steps, in the order in which they were taken."""
    module = types.ModuleType("network")
    exec(request["module"], module.__dict__)
    network = getattr(module, request["class"])().eval().to(device)
    inputs = [torch.rand(shape, device=device) for shape in request["inputs"]]
    if precision in WHOLE:
        network = network.to(WHOLE[precision])
        inputs = [tensor.to(WHOLE[precision]) for tensor in inputs]
    format_ = AUTOCAST.get(precision)
    mixed = torch.autocast(device.type, dtype=format_) if format_ else contextlib.nullcontext()

    def step() -> float:
        start = time.perf_counter()
        network(*inputs)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return 1e3 * (time.perf_counter() - start)

    times = []
    with torch.inference_mode(), mixed:
        # The first runs find memory, choose kernels and fill caches.
        for _ in range(3):
            step()
        end = time.perf_counter() + request["milliseconds"] / 1e3
        while time.perf_counter() < end or len(times) < request["leastRuns"]:
            times.append(step())
    return times


def main() -> None:
    precision, threads = sys.argv[1:]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(int(threads))
    print(json.dumps(about(device)), flush=True)
    for line in sys.stdin:
        try:
            times = sorted(times_of(json.loads(line), device, precision))
            best = times[len(times) // 10]
            said = {"milliseconds": best, "spread": statistics.median(times) / best - 1}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
