"""Keras models of many kinds for `npm run check:conventions`: small, each with something that TensorFlow's profiler counts in a
way of its own. Each is a function that makes the model; layers have names, by which they are compared."""

import keras
from keras import layers


def plain():
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, activation="softmax", name="dense"),
        ]
    )


def residual():
    x = inputs = keras.Input((16, 16, 4))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Add(name="sum")([x, inputs])
    return keras.Model(inputs, layers.ReLU(name="relu")(x))


def three_summands():
    inputs = keras.Input((8, 8, 4))
    parts = [layers.Conv2D(4, 1, name=f"conv{i}")(inputs) for i in range(3)]
    x = layers.Add(name="sum")(parts)
    return keras.Model(inputs, layers.Multiply(name="product")([x, parts[0]]))


def norm_without_scale():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(6, 1, name="conv"), layers.BatchNormalization(scale=False, name="norm")])


def norm_without_center():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(6, 1, name="conv"), layers.BatchNormalization(center=False, name="norm")])


def depthwise():
    return keras.Sequential(
        [
            keras.Input((16, 16, 6)),
            layers.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="deeper"),
            layers.ReLU(6.0, name="relu6"),
        ]
    )


def separable():
    return keras.Sequential([keras.Input((16, 16, 3)), layers.SeparableConv2D(8, 3, use_bias=False, name="separable"), layers.SeparableConv2D(4, 5, padding="same", name="other")])


def squeeze_excite():
    x = inputs = keras.Input((16, 16, 8))
    y = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    y = layers.Conv2D(2, 1, activation="swish", name="reduce")(y)
    y = layers.Conv2D(8, 1, activation="sigmoid", name="expand")(y)
    return keras.Model(inputs, layers.Multiply(name="scale")([x, y]))


def grouped():
    return keras.Sequential([keras.Input((16, 16, 8)), layers.Conv2D(16, 3, groups=4, name="grouped"), layers.Conv2D(4, 1, name="conv")])


def dilated():
    return keras.Sequential([keras.Input((17, 17, 3)), layers.Conv2D(8, 3, dilation_rate=2, name="valid"), layers.Conv2D(4, 3, padding="same", dilation_rate=3, name="same")])


def dilated_depthwise():
    return keras.Sequential([keras.Input((17, 17, 3)), layers.DepthwiseConv2D(3, padding="same", dilation_rate=2, name="depthwise")])


def transposed():
    return keras.Sequential([keras.Input((9, 9, 4)), layers.Conv2DTranspose(6, 4, strides=2, padding="same", name="same"), layers.Conv2DTranspose(2, 3, strides=1, use_bias=False, name="valid")])


def averages():
    return keras.Sequential([keras.Input((16, 16, 3)), layers.AveragePooling2D(3, strides=2, padding="same", name="average"), layers.GlobalMaxPooling2D(name="max")])


def one_dimensional():
    return keras.Sequential([keras.Input((32, 4)), layers.Conv1D(8, 5, padding="causal", name="conv"), layers.BatchNormalization(name="norm"), layers.MaxPooling1D(2, name="pool"), layers.GlobalAveragePooling1D(name="mean")])


def three_dimensional():
    return keras.Sequential([keras.Input((6, 8, 8, 2)), layers.Conv3D(4, 3, name="conv"), layers.MaxPooling3D(2, name="pool")])


def tokens():
    x = inputs = keras.Input((10, 24))
    y = layers.LayerNormalization(name="norm")(x)
    y = layers.Dense(48, activation="gelu", name="up")(y)
    y = layers.Dense(24, use_bias=False, name="down")(y)
    return keras.Model(inputs, layers.Add(name="sum")([x, y]))


def attention():
    x = inputs = keras.Input((10, 24))
    y = layers.MultiHeadAttention(2, 8, name="attention")(x, x)
    return keras.Model(inputs, layers.Dense(7, name="dense")(y))


def group_norm():
    return keras.Sequential([keras.Input((8, 8, 6)), layers.GroupNormalization(groups=3, name="norm"), layers.Conv2D(4, 1, name="conv")])


def norms_without():
    return keras.Sequential([keras.Input((6, 8)), layers.LayerNormalization(scale=False, name="first"), layers.LayerNormalization(center=False, name="second"), layers.LayerNormalization(center=False, scale=False, name="third")])


def gates():
    return keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.Activation("hard_swish", name="hard_swish"),
            layers.Activation("hard_sigmoid", name="hard_sigmoid"),
            layers.PReLU(shared_axes=[1, 2], name="prelu"),
            layers.LeakyReLU(name="leaky"),
            layers.Activation("mish", name="mish"),
            layers.Activation("elu", name="elu"),
        ]
    )


def shared():
    conv = layers.Conv2D(4, 3, padding="same", name="conv")
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, conv(conv(inputs)))


def upsampled():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.UpSampling2D(2, name="nearest"), layers.UpSampling2D(2, interpolation="bilinear", name="bilinear"), layers.Conv2D(4, 1, name="conv")])


def rescaled():
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 127.5, offset=-1, name="rescaling"), layers.Conv2D(4, 1, name="conv"), layers.ZeroPadding2D(1, name="pad")])


def joined():
    inputs = keras.Input((8, 8, 3))
    x = layers.Concatenate(name="joined")([layers.Conv2D(2, 1, name="one")(inputs), layers.Conv2D(3, 3, padding="same", name="two")(inputs)])
    return keras.Model(inputs, layers.Average(name="average")([x, layers.Conv2D(5, 1, name="three")(inputs)]))


models = [
    *("plain residual three_summands norm_without_scale norm_without_center depthwise separable squeeze_excite grouped".split()),
    *("dilated dilated_depthwise transposed averages one_dimensional three_dimensional tokens attention group_norm".split()),
    *("norms_without gates shared upsampled rescaled joined".split()),
]
