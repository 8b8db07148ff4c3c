"""What PyTorch's memory tracker says of networks of torchvision: activations at once at inference, what the forward pass keeps for
the backward pass, and the most that a step of training holds. Tensors are fake ones, of sizes alone; nothing is computed.

    python pytorch_memory.py BATCH SIZE BUILDER ...      prints a line of JSON for each
"""

import json
import sys

import torch
import torchvision
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker


def of_activations(tracker):
    """The most bytes at once of all but weights and buffers."""
    at_peak = tracker.get_tracker_snapshot("peak")
    totals = next(iter(at_peak.values()))
    fixed = sum(size for kind, size in totals.items() if kind != "Total" and kind.name in ("PARAM", "BUFFER"))
    return totals["Total"] - fixed


def leave_uninitialized():
    """Starts no weight: a tensor without contents can't be told its values."""
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)


def first_of(result):
    """The tensor that a training step begins its backward pass at: models with helpers for training give several."""
    if isinstance(result, torch.Tensor):
        return result
    if isinstance(result, dict):
        return sum(value.sum() for value in result.values())
    return sum(value.sum() for value in result)


def measure(name, batch, size):
    with FakeTensorMode():
        options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        if options:
            options["aux_logits"] = False
        model = torchvision.models.get_model(name, weights=None, **options)
        image = torch.empty(batch, 3, size, size)
        model.eval()
        tracker = MemTracker()
        tracker.track_external(model)
        with torch.no_grad(), tracker:
            model(image)
        inference = of_activations(tracker)

        model.train()
        kept = {}
        own = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}

        def keep(tensor):
            storage = tensor.untyped_storage()
            if storage._cdata not in own:
                kept[storage._cdata] = storage
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = first_of(model(image))
        bytes_kept = sum(storage.nbytes() for storage in kept.values())
        del result
        kept.clear()

        tracker = MemTracker()
        tracker.track_external(model)
        with tracker:
            result = first_of(model(image))
            result.backward(torch.empty_like(result))
        weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
        at_peak = next(iter(tracker.get_tracker_snapshot("peak").values()))
        buffers = sum(size for kind, size in at_peak.items() if kind != "Total" and kind.name == "BUFFER")
        return {
            "name": name,
            "inference": inference,
            "kept": bytes_kept,
            "step": at_peak["Total"] - buffers,
            "weights": weights,
        }


def main():
    batch, size, *names = sys.argv[1:]
    leave_uninitialized()
    for name in names:
        try:
            print(json.dumps(measure(name, int(batch), int(size))), flush=True)
        except Exception as error:  # told, and counted as a failure by the caller
            print(json.dumps({"name": name, "error": f"{type(error).__name__}: {error}"}), flush=True)


main()
