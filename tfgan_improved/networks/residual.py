"""What the residual families share: a generator and a discriminator from a plan of widths."""

import dataclasses

import keras

from tfgan_improved import checks
from tfgan_improved.layers.class_vectors import ClassVectors
from tfgan_improved.layers.global_sum import GlobalSum
from tfgan_improved.layers.part import Part
from tfgan_improved.layers.thin_convolution import ImageConv2D
from tfgan_improved.networks import blocks, parts

layers = keras.layers


@dataclasses.dataclass(frozen=True)
class Plan:
    """Widths and places. G starts at base x base with `g_widths[0]` channels and doubles the size for each further one.

    D has a block for each of `d_widths`; the first `downs` of them halve the size. A map of size `g_attention` or
    `d_attention` is attended to, none at 0. `shared` is the size of the classes' vectors, 0 for tables in each norm;
    `hierarchical` gives each of G's blocks a part of z. `narrow`: D's blocks keep their input's width inside.
    """

    base: int
    g_widths: tuple
    d_widths: tuple
    downs: int
    start: blocks.Start
    g_attention: int = 0
    d_attention: int = 0
    form: str = "released"
    shared: int = 0
    hierarchical: bool = False
    narrow: bool = False


def generator(plan, shape, latent, classes, norm, wrap):
    """z (n, latent), or [z, labels (n,)] with classes -> images (n, h, w, c) in [-1, 1], float32.

    ValueError where z cannot be cut, or has parts but the classes no vector to join them to.
    """
    wrap, start = wrap or parts.bare, plan.start
    _check_place("G", plan.g_attention, [plan.base * 2**level for level in range(1, len(plan.g_widths))])
    inputs, z, conditions = _conditions(plan, latent, classes)
    x = wrap(layers.Dense(plan.base**2 * plan.g_widths[0], kernel_initializer=start.outer(), name="dense"))(z)
    x, size = layers.Reshape((plan.base, plan.base, plan.g_widths[0]), name=f"map_{plan.base}")(x), plan.base
    tables = 0 if plan.shared else classes
    for width, condition in zip(plan.g_widths[1:], conditions):
        size *= 2
        normalized = blocks.conditional(norm, condition, wrap, start, tables)
        x = blocks.up_block(x, width, normalized, wrap, start, f"up_{size}")
        if size == plan.g_attention:
            x = blocks.attention(x, plan.form, wrap, start, f"attention_{size}")
    x = layers.ReLU(name="last_relu")(parts.normalized(x, norm, "last_norm"))
    x = blocks.convolution(x, ImageConv2D, shape[-1], 3, wrap, start.outer, "to_image")
    return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(x), name="generator")


def _conditions(plan, latent, classes):
    """G's inputs, what its dense layer sees, and the condition of each block: labels, a vector or None."""
    if not checks.whole(latent, 1) or not checks.whole(classes):
        raise ValueError("a generator wants a latent of at least 1 and classes of at least 0, whole numbers; received "
                         f"latent={latent!r}, classes={classes!r}")
    count = len(plan.g_widths) - 1
    inputs = z = keras.Input((latent,), name="z")
    vectors, first = [[] for _ in range(count)], z
    if plan.hierarchical:
        if latent % (count + 1):
            raise ValueError(f"hierarchical latents cut z in {count + 1} equal parts, one for each block and the "
                             f"first map; received a z of {latent} numbers; give a multiple of {count + 1}, such as "
                             f"normal:{20 * (count + 1)}")
        size = latent // (count + 1)
        first, *pieces = (Part(size * index, (size,), name=f"z_{index}")(z) for index in range(count + 1))
        vectors = [[piece] for piece in pieces]
    if classes:
        labels = keras.Input((), dtype="int32", name="labels")
        inputs = [z, labels]
        if not plan.shared and plan.hierarchical:
            raise ValueError("hierarchical latents of a conditional generator are joined to the classes' shared "
                             "vectors; received shared=0; give shared, or hierarchical=false")
        if not plan.shared:
            return inputs, first, [labels] * count
        vector = ClassVectors(classes, plan.shared, embeddings_initializer=plan.start.outer(),
                              name="label_vector")(labels)  # bare: see parts.latent_inputs
        vectors = [[vector, *pieces] for pieces in vectors]
    joined = [several[0] if len(several) == 1 else layers.Concatenate(name=f"condition_{index}")(several)
              if several else None for index, several in enumerate(vectors, 1)]
    return inputs, first, joined


def discriminator(plan, shape, classes, norm, wrap, head, verdict):
    """Images (n, h, w, c), or [images, labels (n,)] with classes -> {"logits": (n, 1), "features": (n, f)}, float32.

    The features are the sum over the last map's positions.
    """
    wrap, start = wrap or parts.bare, plan.start
    if not checks.whole(classes):
        raise ValueError(f"a discriminator wants a whole number of at least 0 classes; received classes={classes!r}")
    _check_place("D", plan.d_attention, [shape[0] // 2**level for level in range(1, plan.downs + 1)])
    inputs, x, labels = parts.image_inputs(shape, classes)
    normalized, size, inside = blocks.conditional(norm, None, wrap, start), shape[0], 0
    for index, width in enumerate(plan.d_widths):
        down = index < plan.downs
        size, name = size // 2 if down else size, f"down_{index + 1}" if down else f"same_{index + 1}"
        if index == 0:
            x = blocks.first_down_block(x, width, normalized, wrap, start, name)
        else:
            hidden = inside if plan.narrow else width
            x = blocks.down_block(x, width, hidden, normalized, wrap, start, name, down)
        inside = width
        if down and size == plan.d_attention:
            x = blocks.attention(x, plan.form, wrap, start, f"attention_{size}")
    x = GlobalSum(dtype="float32", name="sum")(layers.ReLU(name="last_relu")(x))
    return parts.finished(inputs, x, labels, classes, wrap, head, start.outer, verdict)


def _check_place(network, place, maps):
    if place and place not in maps:
        raise ValueError(f"attention of {network} must be the size of a map, {', '.join(map(str, maps))}; "
                         f"received {place}")


def checked_size(family, shape, sizes):
    """The size of a square image (h, w, c). ValueError naming the `sizes` that the family has."""
    if not isinstance(shape, (tuple, list)) or len(shape) != 3 or shape[0] != shape[1] or shape[0] not in sizes:
        raise ValueError(f"{family} wants square images (h, w, c) of size {', '.join(map(str, sizes))}; received shape "
                         f"{shape}; set image_size")
    return shape[0]


def check_sizes(family, **sizes):
    """ValueError unless all are whole numbers of at least 1."""
    if not all(checks.whole(value, 1) for value in sizes.values()):
        told = ", ".join(f"{name}={value!r}" for name, value in sizes.items())
        raise ValueError(f"{family} wants whole numbers of at least 1 for {' and '.join(sizes)}; received {told}")


def check_start(family, start, form):
    """ValueError for an unknown start of the kernels or form of attention."""
    for what, value, known in (("start", start, blocks.STARTS), ("form", form, blocks.ATTENTIONS)):
        if value not in list(known):
            raise ValueError(f"{what} of {family} must be one of {', '.join(known)}; received '{value}'")
