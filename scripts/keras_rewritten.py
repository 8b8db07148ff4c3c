"""Whether rewritten files of keras.applications, and slim files, do in Keras what was promised, as JSON.

Knows nothing of MorphNet. Each task gives modules another text, or writes a file of its own; the model must build, its forward
must run, and it must have the promised number of trained parameters. Nothing is computed: tensors are on PyTorch's meta device.

    python keras_rewritten.py < TASKS     (a line: {"row", "files", "slim", "module", "entry", "params"})
"""

import importlib
import json
import math
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import torch


def execute(name, text, path):
    """A module with another text, under its own name."""
    module = type(sys)(name)
    module.__package__ = name.rpartition(".")[0]
    module.__file__ = path
    sys.modules[name] = module
    exec(compile(text, path, "exec"), vars(module))
    return module


def build(task):
    if task["slim"] is not None:
        return eval(task["entry"], vars(execute("slim_model", task["slim"], "slim_model.py")))
    originals = {}
    try:
        for path, text in task["files"].items():
            name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            originals[name] = importlib.import_module(name)
            execute(name, text, path)
        # What imports one of the rewritten files is read again with it.
        module = sys.modules[task["module"]]
        if task["module"] not in originals:
            originals[task["module"]] = module
            with open(module.__file__, encoding="utf-8") as file:
                module = execute(task["module"], file.read(), module.__file__)
        return eval(task["entry"], vars(module))
    finally:
        sys.modules.update(originals)


def check(task):
    importlib.import_module(task["module"])
    model = build(task)
    shapes = [[1] + [side or 224 for side in tensor.shape[1:]] for tensor in model.inputs]
    inputs = [torch.zeros(shape, device="meta") for shape in shapes]
    model(inputs[0] if len(inputs) == 1 else inputs, training=False)
    params = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return None if params == task["params"] else f"has {params} parameters instead of {task['params']}"


with keras.device("meta"):
    for line in sys.stdin:
        task = json.loads(line)
        keras.backend.clear_session()
        try:
            error = check(task)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:300]
        print(json.dumps({"row": task["row"], "error": error}), flush=True)
