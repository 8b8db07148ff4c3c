"""What Keras itself says of models of published packages: their trained parameters, and the multiply-adds of the graph that
TensorFlow makes of them. Nothing is run.

    python keras_packages.py FOLDER < cases.json      FOLDER: where the packages stand

Reads a JSON list of cases from standard input, each with `imports` and `expression`; prints one line of JSON a case."""

import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["SM_FRAMEWORK"] = "tf.keras"
sys.path.insert(0, sys.argv[1])

import tensorflow as tf  # noqa: E402

tf.get_logger().setLevel("ERROR")


def product(sizes):
    total = 1
    for size in sizes:
        total *= size
    return total


def multiply_adds(op):
    if op.type in ("Conv2D", "DepthwiseConv2dNative", "Conv3D"):
        kernel, out = op.inputs[1].shape.as_list(), op.outputs[0].shape.as_list()
        is_last = op.get_attr("data_format").decode().endswith("C")
        positions = out[0] * product(out[1:-1] if is_last else out[2:])
        return positions * product(kernel)
    if op.type == "Conv2DBackpropInput":
        kernel, given = op.inputs[1].shape.as_list(), op.inputs[2].shape.as_list()
        return product(given) * product(kernel[:3])
    if op.type in ("MatMul", "BatchMatMulV2"):
        left, out = op.inputs[0].shape.as_list(), op.outputs[0].shape.as_list()
        is_turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return product(out) * (left[-2] if is_turned else left[-1])
    if op.type == "Einsum":
        sizes = {}
        for letters, tensor in zip(op.get_attr("equation").decode().split("->")[0].split(","), op.inputs):
            sizes.update(zip(letters, tensor.shape.as_list()))
        return product(sizes.values())
    return 0


def describe(case):
    tf.keras.backend.clear_session()
    names = {}
    exec(case["imports"], names)
    model = eval(case["expression"], names)
    shapes = [[1] + [side or 224 for side in tensor.shape[1:]] for tensor in model.inputs]
    run = tf.function(lambda *given: model(given[0] if len(given) == 1 else list(given), training=False))
    graph = run.get_concrete_function(*[tf.TensorSpec(s, t.dtype) for s, t in zip(shapes, model.inputs)]).graph
    return {
        "params": sum(product(weight.shape.as_list()) for weight in model.trainable_weights),
        "macs": sum(multiply_adds(op) for op in graph.get_operations()),
    }


for case in json.load(sys.stdin):
    try:
        said = describe(case)
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else ''}"}
    print(json.dumps({**case, **said}), flush=True)
