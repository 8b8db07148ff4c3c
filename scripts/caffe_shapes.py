"""Shapes that OpenCV gives the layers of Caffe nets: for each line of JSON a line.

A line names a net's file, its input, and the tensors that we say each layer has. They are written as a model of zeros beside the net;
OpenCV holds their sizes against its own reading of the net, and works out what every layer gives.
"""

import json
import os
import sys
import tempfile


def varint(number):
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(dims):
    count = 1
    for size in dims:
        count *= size
    shape = field(1, b"".join(varint(size) for size in dims))
    return field(7, shape) + varint(5 << 3 | 2) + varint(4 * count) + bytes(4 * count)


def model(layers):
    for layer in layers:
        content = field(1, layer["name"].encode()) + field(2, layer["type"].encode())
        yield field(100, content + b"".join(field(7, blob(dims)) for dims in layer["blobs"]))


def shapes(cv2, net):
    with tempfile.NamedTemporaryFile(suffix=".caffemodel") as weights:
        for part in model(net["layers"]):
            weights.write(part)
        weights.flush()
        read = cv2.dnn.readNetFromCaffe(net["file"], weights.name)
    ids, _, outputs = read.getLayersShapes([1, *net["input"]])
    return {
        read.getLayer(int(i)).name: [[int(size) for size in shape] for shape in output]
        for i, output in zip(ids.flatten(), outputs)
    }


def main():
    os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
    import cv2

    print(json.dumps({"opencv": cv2.__version__}), flush=True)
    for line in sys.stdin:
        net = json.loads(line)
        try:
            print(json.dumps({"file": net["file"], "shapes": shapes(cv2, net)}), flush=True)
        except Exception as error:  # What OpenCV can't read is told, not compared.
            words = " ".join(str(error).split())
            print(json.dumps({"file": net["file"], "failure": words[:300]}), flush=True)


main()
