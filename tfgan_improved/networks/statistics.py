"""The statistics network of mutual information: what a pair (x, z) says about belonging together."""

import dataclasses

import keras

from tfgan_improved import checks

layers = keras.layers


@dataclasses.dataclass(frozen=True)
class Statistics:
    """T(x, z): `depth` dense layers of `width` units with ELU on x and z together, then one number.

    Images pass first through 4x4 convolutions with stride 2 and ELU, `filters` channels and twice as many at each
    level, until a side is at most 7; so an image is seen once, however many z it is paired with. Points are taken as
    they are. Kernels start as Glorot's uniform. ValueError unless all are >= 1.
    Source: Belghazi et al. 2018, arXiv:1801.04062, section 3.2; depth, width and ELU are of later code.
    """

    width: int = 128
    depth: int = 2
    filters: int = 32

    def __post_init__(self):
        if not all(checks.whole(size, 1) for size in (self.width, self.depth, self.filters)):
            raise ValueError("Statistics wants width, depth and filters, whole numbers of at least 1; received "
                             f"width={self.width!r}, depth={self.depth!r}, filters={self.filters!r}")

    def build(self, shape, size):
        """[x (n, *shape), z (n, k, size)] -> T of each x with each of its k z, (n, k), float32."""
        example, codes = keras.Input(shape, name="example"), keras.Input((None, size), name="codes")
        x, filters = example, self.filters
        while len(x.shape) == 4 and max(x.shape[1:3]) > 7:
            x = layers.Conv2D(filters, 4, strides=2, padding="same", activation="elu", name=f"down_{filters}")(x)
            filters *= 2
        seen = layers.Dense(self.width, name="of_example")(layers.Flatten(name="flat")(x))
        seen = layers.Reshape((1, self.width), name="once")(seen)  # a dense layer of both is the sum of one of each
        x = layers.Add(name="pair")([layers.Dense(self.width, use_bias=False, name="of_code")(codes), seen])
        x = layers.Activation("elu", name="elu_1")(x)
        for level in range(2, self.depth + 1):
            x = layers.Dense(self.width, activation="elu", name=f"dense_{level}")(x)
        x = layers.Dense(1, dtype="float32", name="last")(x)
        values = layers.Reshape((-1,), dtype="float32", name="values")(x)
        return keras.Model([example, codes], values, name="statistics")
