"""Images from a generator, the same for the same seed wherever they are drawn."""

import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.ops import LATENTS, class_mix, noise, standing
from tfgan_improved.ops.class_labels import checked_labels, class_count
from tfgan_improved.ops.pixels import to_uint8

CHUNK = 64  # images generated at once: bounds the memory, and fixes the order of the sums


class Sampler(tf.Module):
    """Wraps a functional generator, z or [z, labels] -> images in [-1, 1] or points, and its latent distribution.

    `generate(z[, labels])` gives float32 images; `sample(count, seed, truncation)` {"images": uint8 or points
    float32, "labels": int32 where conditional, "finite": of images, whether each had no NaN or infinity, which pixels
    cannot show}; `sample_labels(labels, seed, truncation)` those of given classes.
    `draw_z(count, seed, truncation)` is the z (n, d) of these samples; `generate_between(z, labels, others, shares)`
    gives float32 images of places between two classes, at a share in [0, 1] of the way. Truncation 0 is none. Labels
    are drawn uniformly of `classes`, by default those of the generator's own `ClassVectors`. `latent` is a distribution
    or its spec ("normal:100"). ValueError where the generator takes another size of z or has another number of classes;
    tf.errors.InvalidArgumentError, in an export too, for numbers outside of these ranges.
    """

    def __init__(self, generator, latent, classes=0):
        super().__init__(name="sampler")
        latent = LATENTS.make(latent) if isinstance(latent, str) else latent
        classes = _checked_classes(generator, latent, classes)
        self.generator, self.latent, self.conditional = generator, latent, len(generator.inputs) > 1
        self.pixels, self.classes = len(generator.output_shape) == 4, classes
        z, labels = tf.TensorSpec((None, latent.size), tf.float32, "z"), tf.TensorSpec((None,), tf.int32, "labels")
        seed, truncation = tf.TensorSpec((), tf.int64, "seed"), tf.TensorSpec((), tf.float32, "truncation")
        count, shares = tf.TensorSpec((), tf.int32, "count"), tf.TensorSpec((None,), tf.float32, "shares")
        self.generate = tf.function(self._generate, [z, labels] if self.conditional else [z], autograph=False)
        self.sample = tf.function(self._sample, [count, seed, truncation])
        self.draw_z = tf.function(self._draw_z, [count, seed, truncation], autograph=False)
        if self.conditional:
            others = tf.TensorSpec((None,), tf.int32, "others")
            self.generate_between = tf.function(self._generate_between, [z, labels, others, shares], autograph=False)
            self.sample_labels = tf.function(self._sample_labels, [labels, seed, truncation])

    def take_standing_statistics(self, passes, seed=0, truncation=0.0):
        """Sets the generator's batch norms to their mean moments over `passes` of `CHUNK` rows (`ops/standing.py`).

        With the truncation that will be sampled with: z drawn nearer to 0 have other moments. ValueError for fewer
        than one pass and a truncation that is not finite or below 0.
        """
        if not checks.whole(passes, 1) or not checks.real(truncation, 0):
            raise ValueError("standing statistics want a whole number of at least one pass and a finite truncation of "
                             f"at least 0; received passes={passes!r}, truncation={truncation!r}")

        def batch(number):
            key = noise.fold(noise.root(seed), 2, number)
            z = self.latent.draw_truncated(noise.fold(key, 0), CHUNK, tf.constant(truncation, tf.float32))
            labels = tf.random.stateless_uniform((CHUNK,), noise.fold(key, 1), maxval=max(self.classes, 1),
                                                 dtype=tf.int32, alg=noise.ALGORITHM)
            return [z, labels] if self.conditional else z

        standing.accumulate(self.generator, map(batch, range(passes)))

    def _generate(self, z, labels=None):
        if self.conditional:
            _assert_equally_many(z=z, labels=labels)
            labels = checked_labels(labels, self.classes)
        return self.generator([z, labels] if self.conditional else z, training=False)

    def _generate_between(self, z, labels, others, shares):
        others = checked_labels(others, self.classes)
        within = tf.reduce_all((shares >= 0) & (shares <= 1))
        tf.debugging.Assert(within, ["shares must be from 0 to 1; received", shares])
        _assert_equally_many(z=z, labels=labels, others=others, shares=shares)
        with class_mix.mixed(others, shares):
            return self._generate(z, labels)

    def _draw_z(self, count, seed, truncation):
        tf.debugging.Assert(count >= 0, ["count must be at least 0; received", count])
        tf.debugging.Assert((truncation >= 0) & tf.math.is_finite(truncation),
                            ["truncation must be a finite number of at least 0, which is none; received", truncation])
        return self.latent.draw_truncated(noise.fold(noise.root(seed), 0), count, truncation)

    def _sample(self, count, seed, truncation):
        tf.debugging.Assert(count >= 0, ["count must be at least 0; received", count])
        labels = tf.zeros((tf.maximum(count, 0),), tf.int32)
        if self.conditional:
            key = noise.fold(noise.root(seed), 1)
            labels = tf.random.stateless_uniform(tf.shape(labels), key, maxval=self.classes, dtype=tf.int32,
                                                 alg=noise.ALGORITHM)
        return self._sample_labels(labels, seed, truncation)

    def _sample_labels(self, labels, seed, truncation):
        count = tf.shape(labels)[0]
        z = self.draw_z(count, seed, truncation)
        inputs, shape = (z, labels) if self.conditional else (z,), self.generator.output_shape[1:]
        chunks = tf.TensorArray(tf.uint8 if self.pixels else tf.float32, 0, dynamic_size=True, infer_shape=False,
                                element_shape=(None, *shape))
        finite = tf.TensorArray(tf.bool, 0, dynamic_size=True, infer_shape=False, element_shape=(None,))
        for index in tf.range(-(-count // CHUNK)):
            rows = slice(index * CHUNK, (index + 1) * CHUNK)
            made = self.generate(*[part[rows] for part in inputs])
            chunks = chunks.write(index, to_uint8(made) if self.pixels else made)
            finite = finite.write(index, tf.reduce_all(tf.math.is_finite(made), tf.range(1, tf.rank(made))))
        made = {"images": tf.ensure_shape(chunks.concat(), (None, *shape)), "labels": labels,
                "finite": tf.ensure_shape(finite.concat(), (None,))}
        told = {"images": True, "labels": self.conditional, "finite": self.pixels}
        return {name: value for name, value in made.items() if told[name]}


def _assert_equally_many(**arrays):
    """In a graph too: a network may take one label for all rows, or one row of z for all labels."""
    rows = tf.stack([tf.shape(array)[0] for array in arrays.values()])
    tf.debugging.Assert(tf.reduce_all(tf.equal(rows, rows[0])),
                        [f"{', '.join(arrays)} must have equally many rows; received", rows])


def _checked_classes(generator, latent, classes):
    """The number of classes. ValueError where generator, latent and classes do not fit together."""
    size, own = generator.inputs[0].shape[1], class_count(generator)
    if latent.size != size:
        raise ValueError(f"the generator takes z of {size} numbers; received a latent of {latent.size}; give another "
                         "latent")
    if len(generator.inputs) > 1 and (classes or own) < 1:
        raise ValueError(f"the generator is conditional and does not know how many classes it has; received "
                         f"classes={classes}; give their number")
    if own and classes not in (0, own):
        raise ValueError(f"the generator has {own} classes; received classes={classes}; leave it out")
    return classes or own
