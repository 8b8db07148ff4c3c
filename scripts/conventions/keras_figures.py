"""What TensorFlow's profiler says of Keras models: totals, and each layer. Knows nothing of MorphNet.

    python keras_figures.py FILE        prints one JSON object: {model: {"total": n, "layers": {name: n}}}

FILE is a Python module whose `models` lists the names of its functions that make models.
"""

import importlib.util
import json
import os
import re
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow as tf
from tensorflow.python.framework import ops
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2_as_graph

specification = importlib.util.spec_from_file_location("counted_keras_models", sys.argv[1])
module = importlib.util.module_from_spec(specification)
specification.loader.exec_module(module)


def figures(model):
    shape = [1, *model.inputs[0].shape[1:]]
    run = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    _, definition = convert_variables_to_constants_v2_as_graph(run)
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(definition, name="")
        builder = tf.compat.v1.profiler.ProfileOptionBuilder
        options = builder(builder.float_operation()).with_empty_output().build()
        profile = tf.compat.v1.profiler.profile(graph=graph, cmd="op", options=options)
        layers = {}
        for op in graph.get_operations():
            count = ops.get_stats_for_node_def(graph, op.node_def, "flops").value
            # `functional_1/conv_1/BiasAdd`: Keras numbers each call, from 1.
            name = re.sub(r"_\d+$", "", op.name.split("/")[1]) if "/" in op.name else op.name
            if count is not None:
                layers[name] = layers.get(name, 0) + int(count)
    return {"total": profile.total_float_ops, "layers": layers}


print(json.dumps({name: figures(getattr(module, name)()) for name in module.models}))
