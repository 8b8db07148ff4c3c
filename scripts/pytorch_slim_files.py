"""Whether generated modules do what the model does that they were written from, as JSON.

Knows nothing of MorphNet. The file at full width takes the model's weights over by name and must give the same outputs for
the same inputs, in training and in evaluation; the narrowed file must run and give outputs of the same shape.

    python pytorch_slim_files.py < TASKS      (a line: {"path", "entry", "full": {"file", "entry"}, "slim": …, "shapes"})
"""

import json
import sys

import torch
from pytorch_costs import build, load
from torch import nn


def randomise(model):
    """Weights and statistics that let no channel pass unnoticed."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5) if "running_var" in name else tensor.normal_(0, 0.5 / max(1, tensor.dim() - 1) ** 2)


def outputs(model, inputs):
    with torch.no_grad():
        found = model(*inputs)
    return list(found) if isinstance(found, (tuple, list)) else [found]


def difference(model, full, inputs):
    """The largest difference between outputs, in shares of the largest output."""
    worst = 0.0
    for ours, theirs in zip(outputs(full, inputs), outputs(model, inputs), strict=True):
        worst = max(worst, ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-12)).item())
    return worst


def compare(path, entry, full, slim, shapes):
    torch.manual_seed(0)
    model = build(load(path), entry)
    full = build(load(full["file"]), full["entry"])
    slim = build(load(slim["file"]), slim["entry"])
    randomise(model)
    # What the model never calls is left out of the file; what the file has, it must get.
    wanted = full.state_dict()
    given = model.state_dict()
    full.load_state_dict({name: tensor for name, tensor in given.items() if name in wanted}, strict=True)
    inputs = [torch.randn(3, *shape) for shape in shapes]
    found = {"evaluation": difference(model.eval(), full.eval(), inputs)}
    if not any(isinstance(part, nn.modules.dropout._DropoutNd) for part in model.modules()):
        found["training"] = difference(model.train(), full.train(), inputs)
    return {
        **found,
        "slimParams": sum(p.numel() for p in slim.parameters()),
        "slimOutputs": [list(output.shape[1:]) for output in outputs(slim.eval(), inputs)],
        "outputs": [list(output.shape[1:]) for output in outputs(model.eval(), inputs)],
    }


def main():
    """One task a line in, one answer a line out."""
    for line in sys.stdin:
        try:
            answer = compare(**json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer))


main()
