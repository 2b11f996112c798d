"""The moving average of a network's weights."""

import keras
import numpy as np

from tfgan_improved.training.average import average_of, update_average


def network():
    keras.utils.set_random_seed(0)
    x = keras.Input((3,))
    return keras.Model(x, keras.layers.BatchNormalization()(keras.layers.Dense(2)(x)))


def test_it_starts_as_an_untrainable_copy_of_its_own():
    original = network()
    copy = average_of(original)
    for mine, theirs in zip(copy.get_weights(), original.get_weights()):
        np.testing.assert_array_equal(mine, theirs)
    assert not copy.trainable_variables and original.trainable_variables
    original.layers[1].kernel.assign_add(np.ones((3, 2)))
    assert (copy.get_weights()[0] != original.get_weights()[0]).all()
    x = np.ones((4, 3), "float32")
    np.testing.assert_array_equal(copy(x, training=True), copy(x))  # a batch norm that does not train has no batch


def test_it_follows_its_formula_for_all_weights():
    original, random = network(), np.random.default_rng(0)
    copy = average_of(original)
    want = [value.astype("float64") for value in copy.get_weights()]
    for t in range(40):
        original.set_weights([random.normal(size=w.shape) for w in original.get_weights()])
        decay = min(0.8, (1 + t) / (10 + t))
        want = [decay * w + (1 - decay) * new for w, new in zip(want, original.get_weights())]
        update_average(copy, original, 0.8, t)
    for got, value in zip(copy.get_weights(), want, strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-4, atol=1e-6)


def test_the_step_keeps_one(tiny, batch):
    gan = tiny(step={"ema": 0.9})
    want = [w.astype("float64") for w in gan.networks["g"].get_weights()]
    for step in range(4):
        gan.train_step(batch((2,), seed=step))
        decay = min(0.9, (1 + step) / (10 + step))
        want = [decay * w + (1 - decay) * new for w, new in zip(want, gan.networks["g"].get_weights())]
    for got, value in zip(gan.averages["g"].get_weights(), want):
        np.testing.assert_allclose(got, value, rtol=1e-4, atol=1e-6)
    assert gan.sampler_network is gan.averages["g"]
    plain = tiny()
    assert not plain.averages and plain.sampler_network is plain.networks["g"]
