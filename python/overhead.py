"""What the three lines cost of a training step, in processor time: `python overhead.py structure.json module:function [batch] [steps]`.

Prints seconds a step without and with MorphNet, and the difference as a share. On a GPU wall time is measured instead.
"""

from __future__ import annotations

import importlib
import sys
import time

import torch

from morphnet_torch import MorphNet


def main() -> None:
    structure, made = sys.argv[1], sys.argv[2]
    batch, steps = (int(word) for word in (sys.argv[3:5] + ["8", "4"])[:2])
    module, function = made.split(":")
    model = getattr(importlib.import_module(module), function)()
    is_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if is_gpu else "cpu")
    model.to(device).train()
    morphnet = MorphNet.attach(model, structure, run=False, steps=100_000)
    morphnet._step = 20_000  # In the phase in which every step ranks all channels.
    optimizer = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
    x, y = torch.randn(batch, 3, 224, 224, device=device), torch.randint(0, 1000, (batch,), device=device)

    def clock() -> float:
        if not is_gpu:
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def seconds(with_morphnet: bool) -> float:
        began = clock()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        if with_morphnet:
            loss = loss + morphnet.loss()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if with_morphnet:
            morphnet.step(loss=loss)
        return clock() - began

    for with_morphnet in (False, True):
        seconds(with_morphnet)
    # In turns, so that both see the same machine.
    times = {False: 0.0, True: 0.0}
    for _ in range(steps):
        for with_morphnet in times:
            times[with_morphnet] += seconds(with_morphnet) / steps
    share = 100 * (times[True] / times[False] - 1)
    print(f"{device.type}, batches of {batch}: {times[False]:.3f} s a step, {times[True]:.3f} s with MorphNet: {share:+.1f} %")


main()
