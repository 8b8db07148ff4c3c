"""Models as Keras writes them to JSON, with what Keras says of them: one line of JSON a model. Of each there are two forms, that
of Keras 3 and that of Keras 2; Keras loads the second again before it counts."""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers
from keras.src.legacy.saving.saving_utils import model_from_config
from keras_applications import builders, describe


def own_models():
    """What the applications do not have: models in models, layers that are called twice, several inputs and outputs."""
    features = keras.Sequential(
        [layers.Conv2D(12, 3, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Flatten()], name="features"
    )
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    both = layers.Concatenate()([features(left), features(right)])
    shared = layers.Dense(96, activation="gelu", name="shared")
    once = shared(layers.Dense(96, name="first")(both))
    yield "shared and nested", keras.Model([left, right], layers.Dense(3, activation="softmax")(shared(once) + 1.5))

    inner_input = keras.Input((8, 8, 16))
    inner = keras.Model(inner_input, layers.add([inner_input, layers.Conv2D(16, 3, padding="same")(inner_input)]), name="block")
    outer_input = keras.Input((8, 8, 16))
    hidden = inner(inner(outer_input))
    yield "a block twice, two outputs", keras.Model(
        outer_input, [layers.GlobalAveragePooling2D()(hidden), layers.SeparableConv2D(8, 3)(hidden)]
    )

    yield "a text classifier", keras.Sequential(
        [
            keras.Input((40,)),
            layers.Embedding(1000, 24),
            layers.Conv1D(32, 5, strides=2, activation="relu"),
            layers.Bidirectional(layers.LSTM(10, return_sequences=True)),
            layers.GRU(12),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="texts",
    )
    words = keras.Input((12, 32))
    attended = layers.MultiHeadAttention(4, 8)(words, words)
    hidden = layers.LayerNormalization()(words + attended)
    yield "attention", keras.Model(words, layers.TimeDistributed(layers.Dense(5))(hidden))

    yield "an autoencoder", keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same"),
            layers.ZeroPadding2D(((1, 0), (0, 1))),
            layers.Cropping2D(1),
            layers.Rescaling(2.0, offset=-1.0),
        ]
    )
    yield "arithmetic", arithmetic()


def arithmetic():
    given = keras.Input((8, 8, 6))
    scaled = keras.ops.multiply(2.0, given) - 1.0
    ratio = scaled / (keras.ops.relu(given) + 1.0)
    mean = keras.ops.mean(ratio, axis=(1, 2), keepdims=True)
    return keras.Model(given, layers.Dense(4)(keras.ops.reshape(ratio * mean, (-1, 64 * 6))))


def older(value):
    """A part of a model in the form that Keras 2 writes; None where that has no such form."""
    if isinstance(value, list):
        return [older(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    made = {
        key: older(item)
        for key, item in value.items()
        if key not in ("module", "registered_name", "build_config", "compile_config", "inbound_nodes", "batch_shape", "input_layers", "output_layers")
    }
    if "batch_shape" in value:
        made["batch_input_shape"] = value["batch_shape"]
    if "inbound_nodes" in value:
        made["inbound_nodes"] = [older_node(node) for node in value["inbound_nodes"]]
    for key in ("input_layers", "output_layers"):
        if key in value:
            listed = value[key]
            made[key] = [listed] if listed and isinstance(listed[0], str) else listed
    return made


class NotInKeras2(Exception):
    pass


def older_node(node):
    if any(value is not None for name, value in node["kwargs"].items() if name not in ("mask", "training")):
        raise NotInKeras2
    given = node["args"]
    tensors = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    if any(not isinstance(tensor, dict) for tensor in tensors):
        raise NotInKeras2
    return [[*tensor["config"]["keras_history"], {}] for tensor in tensors]


def older_form(model):
    try:
        config = older(json.loads(model.to_json()))
        text = json.dumps(config)
        # What reads the files of Keras 2 in Keras 3.
        loaded = model_from_config(config)
    except (NotInKeras2, TypeError, ValueError):  # Of the older form Keras 3 does not find layers in wrappers, and own layers.
        return None
    return text if loaded.count_params() == model.count_params() else None


def write(name, model):
    print(json.dumps({"name": name, "keras3": model.to_json(), "keras2": older_form(model), **describe(model)}), flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    with keras.device("meta"):
        if not wanted or "own" in wanted:
            for name, model in own_models():
                write(name, model)
        for name, arguments in builders():
            if (wanted and name not in wanted) or arguments not in ("weights=None", "weights=None, include_top=False"):
                continue
            keras.backend.clear_session()
            try:
                model = eval(f"keras.applications.{name}({arguments})")
                write(f"{name}({arguments})", model)
            except ValueError:  # Keras refuses these arguments, or the network at the usual size.
                continue
