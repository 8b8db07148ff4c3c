"""What PyTorch itself says of a model: per module the parameters, multiply-adds and output shape, as JSON.

Knows nothing of MorphNet: parameters are summed, operations are counted by hooks on modules, and the total is
counted a second time by PyTorch's own flop counter.

    python pytorch_costs.py FILE ENTRY SHAPE [SHAPE ...]     (ENTRY: an expression in the file; SHAPE: 3x32x32)
"""

import importlib.util
import json
import os
import sys

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def load(path):
    folder, name = os.path.split(os.path.abspath(path))
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(os.path.splitext(name)[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def build(module, entry):
    found = eval(entry, vars(module))
    return found if isinstance(found, nn.Module) else found()


# Each of these is several operations to us, so only their share of the totals can be compared.
SEVERAL_OPERATIONS = (nn.RNNBase, nn.RNNCellBase, nn.EmbeddingBag)


def multiply_adds(module, inputs, output):
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        return inputs[0].numel() * module.weight[0].numel()
    if isinstance(module, nn.modules.conv._ConvNd):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    return 0


def kept_bytes(model, inputs):
    """Bytes of activations that a forward pass in training leaves for the backward pass, each memory once."""
    own = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = model.train()(*inputs)
        size = sum(storage.nbytes() for storage in kept.values())
    del result
    return size


def main():
    path, entry, *shapes = sys.argv[1:]
    # A model's file that reads options gets none.
    del sys.argv[1:]
    torch.manual_seed(0)
    model = build(load(path), entry).eval()
    layers = []
    seen = set()

    def watch(name):
        def after(module, inputs, output):
            new = [p for p in module.parameters(recurse=False) if id(p) not in seen]
            seen.update(map(id, new))
            layers.append(
                {
                    "name": name,
                    "params": sum(p.numel() for p in new),
                    "macs": multiply_adds(module, inputs, output),
                    "outputShape": list(output.shape[1:]),
                }
            )

        return after

    for name, module in model.named_modules():
        if next(module.children(), None) is None and not isinstance(module, SEVERAL_OPERATIONS):
            module.register_forward_hook(watch(name))

    inputs = [torch.zeros(1, *map(int, shape.split("x"))) for shape in shapes]
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(*inputs)
    hooked = len(layers)
    kept = kept_bytes(model, [torch.zeros(2, *tensor.shape[1:]) for tensor in inputs])
    del layers[hooked:]
    weighted = [layer for layer in layers if layer["params"] or layer["macs"]]
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "params": sum(p.numel() for p in model.parameters()),
                "macs": sum(layer["macs"] for layer in layers),
                "counterMacs": counter.get_total_flops() // 2,
                "kept": kept,
                "layers": weighted,
            }
        )
    )


if __name__ == "__main__":
    main()
