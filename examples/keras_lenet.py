"""LeNet-5 with batch norms, as a functional Keras model."""

import keras
from keras import layers


def convolution(x, filters):
    x = layers.Conv2D(filters, 5, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.MaxPooling2D()(x)


def lenet(classes=10, widths=(32, 64)):
    inputs = keras.Input(shape=(28, 28, 1))
    x = inputs
    for filters in widths:
        x = convolution(x, filters)
    x = layers.Flatten()(x)
    x = layers.Dense(256, activation="relu")(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="lenet")


if __name__ == "__main__":
    model = lenet()
    model.summary()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    model.fit(x_train[..., None] / 255.0, y_train, batch_size=128, epochs=5)
    print(model.evaluate(x_test[..., None] / 255.0, y_test))
