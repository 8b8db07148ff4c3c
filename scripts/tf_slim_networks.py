"""What TensorFlow itself says of networks that are written with TF-slim: the variables of each layer, the shape that it gives
and the multiply-adds of its product, from the graph that TensorFlow builds. Nothing is run.

Reads a JSON list of networks from standard input, each with `path` (a file) or `module`, `function`, `scope` (the function
that gives its argument scope, or null), `arguments` and `size`; prints one line of JSON a network."""

import contextlib
import importlib
import importlib.util
import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def join_old_names():
    """TensorFlow 2.15 looks for Keras's old layers where tf_keras has moved them from."""
    for name in ("base", "convolutional", "core", "normalization", "pooling"):
        with contextlib.suppress(ImportError):
            moved = importlib.import_module("tf_keras.src.legacy_tf_layers." + name)
            sys.modules.setdefault("tf_keras.legacy_tf_layers", importlib.import_module("tf_keras.src.legacy_tf_layers"))
            sys.modules["tf_keras.legacy_tf_layers." + name] = moved


import tensorflow.compat.v1 as tf  # noqa: E402

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
join_old_names()
import tf_slim as slim  # noqa: E402


def load(network):
    if network.get("module"):
        return importlib.import_module(network["module"])
    spec = importlib.util.spec_from_file_location("network", network["path"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def variable_of(tensor):
    """The variable that a tensor was read from."""
    op = tensor.op
    while op.type in ("Identity", "ReadVariableOp", "Reshape"):
        op = op.inputs[0].op
    return op.name


def multiply_adds(op):
    out = op.outputs[0].shape.as_list()
    if op.type == "MatMul":
        return op.inputs[0].shape.as_list()[1] * out[1]
    kernel = op.inputs[1].shape.as_list()
    return out[1] * out[2] * kernel[0] * kernel[1] * kernel[2] * kernel[3]


def describe(network):
    module = load(network)
    with tf.Graph().as_default() as graph:
        inputs = tf.placeholder(tf.float32, [1, network["size"], network["size"], 3])
        scope = network["scope"]
        within = slim.arg_scope(getattr(module, scope)()) if scope else contextlib.nullcontext()
        with within:
            getattr(module, network["function"])(inputs, **network["arguments"])
        layers = {}
        for variable in tf.trainable_variables():
            name = variable.op.name.rpartition("/")[0]
            layers.setdefault(name, {"params": 0, "macs": 0, "shape": None})
            layers[name]["params"] += variable.shape.num_elements()
        for op in graph.get_operations():
            if op.type in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
                layer = layers[variable_of(op.inputs[1]).rpartition("/")[0]]
                layer["macs"] += multiply_adds(op)
                layer["shape"] = op.outputs[0].shape.as_list()[1:]
    return {**network, "version": tf.__version__, "layers": layers}


for network in json.load(sys.stdin):
    print(json.dumps(describe(network)), flush=True)
