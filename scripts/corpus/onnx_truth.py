"""Counts the parameters and multiply-adds of ONNX files by the shapes that ONNX's own inference finds.

Reads JSON lines {"path": ..., "shapes": [[sizes], ...]} (whole input shapes, the batch first) and prints one for each:
{"path", "params", "macs", "lost"}. `lost` names the first node whose shapes the inference does not find; macs is null then.
Parameters are stored tensors of more than one element and of a type of weights, other than running statistics.
"""

import json
import math
import sys

import onnx
from onnx import TensorProto, numpy_helper, shape_inference

WEIGHTS = {
    TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16, TensorProto.INT8, TensorProto.UINT8,
}


def size(shape):
    return math.prod(shape)


def main():
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            print(json.dumps({"path": wanted["path"], **figures(wanted["path"], wanted["shapes"])}), flush=True)
        except Exception as error:
            print(json.dumps({"path": wanted["path"], "failure": str(error).splitlines()[0][:200]}), flush=True)


def figures(path, input_shapes):
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    constants = {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    inputs = [value for value in graph.input if value.name not in stored]
    for value, shape in zip(inputs, input_shapes):
        del value.type.tensor_type.shape.dim[:]
        for length in shape:
            value.type.tensor_type.shape.dim.add().dim_value = length
    # Shapes that the exporter wrote down for other inputs would stand in the way.
    del graph.value_info[:]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    model = shape_inference.infer_shapes(model, data_prop=True)
    graph = model.graph
    shapes = {name: list(tensor.dims) for name, tensor in {**stored, **constants}.items()}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        if value.type.tensor_type.HasField("shape"):
            sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in value.type.tensor_type.shape.dim]
            if None not in sizes:
                shapes.setdefault(value.name, sizes)
    statistics = set()
    macs, lost = 0, None
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            statistics.update(node.input[3:5])
        try:
            macs += macs_of(node, shapes)
        except KeyError as missing:
            lost = lost or f"{node.op_type} {node.name}: {missing}"
    # Scales of a resize are no weights.
    read = names_read_in(graph)
    params = sum(
        size(tensor.dims)
        for name, tensor in stored.items()
        if name in read and name not in statistics and tensor.data_type in WEIGHTS and size(tensor.dims) > 1
    )
    params += sum(
        size(tensor.dims)
        for name, tensor in constants.items()
        if name in read and name not in statistics and tensor.data_type in WEIGHTS and size(tensor.dims) > 1 and not is_uniform(tensor)
    )
    return {"params": params, "macs": None if lost else macs, "lost": lost}


def names_read_in(graph):
    names = set()
    for node in graph.node:
        if node.op_type not in ("Resize", "Upsample"):
            names.update(node.input)
        for entry in node.attribute:
            names |= names_read_in(entry.g) if entry.HasField("g") else set()
    return names


def is_uniform(tensor):
    array = numpy_helper.to_array(tensor)
    return array.size <= 4096 and bool((array == array.flat[0]).all())


def attribute(node, name, fallback):
    for entry in node.attribute:
        if entry.name == name:
            return onnx.helper.get_attribute_value(entry)
    return fallback


def macs_of(node, shapes):
    if node.op_type in ("Conv", "ConvInteger"):
        weight = shapes[node.input[1]]
        return size(shapes[node.output[0]]) * size(weight[1:])
    if node.op_type == "QLinearConv":
        return size(shapes[node.output[0]]) * size(shapes[node.input[3]][1:])
    if node.op_type == "ConvTranspose":
        weight = shapes[node.input[1]]
        return size(shapes[node.input[0]]) * size(weight[1:])
    if node.op_type == "Gemm":
        rows = shapes[node.input[0]]
        return size(shapes[node.output[0]]) * rows[0 if attribute(node, "transA", 0) else 1]
    if node.op_type in ("MatMul", "MatMulInteger", "QLinearMatMul"):
        left = shapes[node.input[0]]
        shapes[node.input[3 if node.op_type == "QLinearMatMul" else 1]]
        return size(shapes[node.output[0]]) * left[-1]
    if node.op_type in ("LSTM", "GRU", "RNN"):
        weight, recurrence = shapes[node.input[1]], shapes[node.input[2]]
        steps = size(shapes[node.input[0]][:2])
        return steps * (size(weight) + size(recurrence))
    if node.op_type in ("If", "Loop", "Scan", "Einsum"):
        raise KeyError(node.op_type)
    return 0


if __name__ == "__main__":
    main()
