"""What somebody does today to see what a Keras model has: imports Keras, builds ResNet-50 and prints its summary."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras

model = keras.applications.ResNet50(weights=None)
model.summary()
