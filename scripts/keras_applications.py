"""What Keras itself says of its applications: names, shapes and weights of layers, parameters, and the multiply-adds that
PyTorch's counter sees under it. Nothing is computed: tensors are on PyTorch's meta device. One line of JSON a builder.

    python keras_applications.py [NAMES...] < KEPT      KEPT: lines that were printed before, whose builders are left out
"""

import json
import math
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import torch
from torch.utils.flop_counter import FlopCounterMode

made_at = {}


def note_lines():
    """Keeps where each layer was made: the innermost call that stands in no file of Keras's own layers."""
    plain = keras.layers.Layer.__new__

    def noting(cls, *args, **kwargs):
        layer = plain(cls, *args, **kwargs)
        frame = sys._getframe(1)
        while frame is not None and "/applications/" not in frame.f_code.co_filename:
            frame = frame.f_back
        made_at[id(layer)] = frame.f_lineno if frame else 0
        return layer

    keras.layers.Layer.__new__ = noting


def size(shape):
    return math.prod(int(side) for side in shape)


def leaves(model, prefix=""):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer, prefix + layer.name + "/")
        else:
            yield prefix + layer.name, layer


def multiply_adds(model):
    inputs = [torch.zeros([1] + [side or 224 for side in tensor.shape[1:]], device="meta") for tensor in model.inputs]
    with FlopCounterMode(display=False) as counter:
        model(inputs[0] if len(inputs) == 1 else inputs, training=False)
    return counter.get_total_flops() // 2


def describe(model):
    layers = [
        {
            "name": name,
            "shape": [side for side in layer._inbound_nodes[0].outputs[0].shape[1:]],
            "params": sum(size(weight.shape) for weight in layer.trainable_weights),
            "line": made_at.get(id(layer), 0),
        }
        for name, layer in leaves(model)
    ]
    return {
        "params": model.count_params(),
        "trainable": sum(size(weight.shape) for weight in model.trainable_weights),
        "macs": multiply_adds(model),
        "layers": layers,
    }


def builders():
    applications = keras.applications
    for name in dir(applications):
        builder = getattr(applications, name)
        if not name[0].isupper() or not callable(builder) or name in ("NASNet", "ResNet"):
            continue
        yield name, "weights=None"
        yield name, "weights=None, include_top=False, input_shape=(160, 160, 3)"
        yield name, "weights=None, include_top=False"
        yield name, "weights=None, classes=10, input_shape=(128, 96, 3)"
    for name in ("MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"):
        for alpha in (0.35, 0.5, 0.75, 1.3):
            yield name, f"weights=None, alpha={alpha}"
    yield "MobileNet", "weights=None, depth_multiplier=2, include_top=False, pooling='avg', input_shape=(96, 96, 3)"


if __name__ == "__main__":
    kept = {(truth["name"], truth["arguments"]) for truth in map(json.loads, sys.stdin)}
    note_lines()
    with keras.device("meta"):
        for name, arguments in builders():
            if (len(sys.argv) > 1 and name not in sys.argv[1:]) or (name, arguments) in kept:
                continue
            keras.backend.clear_session()
            made_at.clear()
            try:
                model = eval(f"keras.applications.{name}({arguments})")
                found = describe(model)
            except Exception as error:  # A builder that refuses these arguments has no truth.
                found = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps({"name": name, "arguments": arguments, **found}), flush=True)
