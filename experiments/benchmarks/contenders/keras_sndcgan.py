"""Plain Keras: SN-DCGAN from Keras's own layers, its SpectralNormalization among them, its Adam and `fit`."""

import keras
import keras_fit
from keras import layers


def generator():
    return keras.Sequential([
        keras.Input((128,)),
        layers.Dense(4 * 4 * 512), layers.Reshape((4, 4, 512)), layers.BatchNormalization(), layers.ReLU(),
        *(layer for width in (256, 128, 64) for layer in (
            layers.Conv2DTranspose(width, 4, strides=2, padding="same"), layers.BatchNormalization(), layers.ReLU())),
        layers.Conv2D(3, 3, padding="same", activation="tanh")])


def discriminator():
    stack = [keras.Input((32, 32, 3))]
    for index, width in enumerate((64, 64, 128, 128, 256, 256, 512)):
        size, strides = (4, 2) if index % 2 else (3, 1)
        stack += [layers.SpectralNormalization(layers.Conv2D(width, size, strides=strides, padding="same")),
                  layers.LeakyReLU(0.1)]
    return keras.Sequential([*stack, layers.Flatten(), layers.SpectralNormalization(layers.Dense(1))])


if __name__ == "__main__":
    keras_fit.main(generator, discriminator)
