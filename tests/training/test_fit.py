"""What data a step takes: bytes and floats, with labels and without, in `fit` as in a notebook."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.terms import R1

IMAGES = np.random.default_rng(0).integers(0, 256, (22, 4, 4, 1), dtype=np.uint8)
LABELS = (np.arange(22) % 3).astype(np.int32)


@pytest.mark.parametrize("kind", ["images", "images and labels", "conditional", "arrays", "last batch smaller"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_fit_in_a_notebook(tiny, weights, kind, dtype):
    images = IMAGES if dtype == "uint8" else (IMAGES / 127.5 - 1).astype(np.float32)
    gan = tiny(shape=(4, 4, 1), classes=3 if kind in ("conditional", "arrays") else 0)
    start = weights(gan)
    if kind == "arrays":
        history = gan.fit(images, LABELS, batch_size=8, epochs=2, verbose=0)
    else:
        data = tf.data.Dataset.from_tensor_slices(images if kind == "images" else (images, LABELS))
        data = data.batch(8, drop_remainder=kind != "last batch smaller")
        history = gan.fit(data, epochs=2, verbose=0, shuffle=False)
    assert set(history.history) == {"d/loss", "g/loss"} and np.isfinite(history.history["d/loss"]).all()
    assert int(gan.updates) == (6 if kind in ("arrays", "last batch smaller") else 4)
    assert np.abs(weights(gan) - start).max() > 1e-3


def test_bytes_and_floats_of_the_same_images_train_alike(tiny, weights):
    results = []
    for images in (IMAGES, IMAGES / 127.5 - 1):
        gan = tiny(shape=(4, 4, 1))
        gan.train_step(tf.constant(images[:8], tf.uint8 if images.dtype == np.uint8 else tf.float32))
        results.append(weights(gan))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-6)


def test_labels_reach_both_networks(tiny, batch, weights):
    results = []
    for labels in ([0, 1, 2, 0, 1, 2, 0, 1], [2, 2, 2, 2, 2, 2, 2, 2]):
        gan = tiny(classes=3)
        start = weights(gan)
        gan.train_step((batch((2,)), tf.constant(labels)))
        results.append(weights(gan))
    assert np.abs(results[0] - results[1]).max() > 1e-4 and np.abs(results[0] - start).max() > 1e-4


def test_bfloat16_networks_train_with_float32_losses(batch, tiny, weights):
    conv = {"family": "dcgan:width=4", "shape": (8, 8, 1), "norm": "batch"}
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = tiny(**conv, players={"d_terms": [R1(1.0)]})
    finally:
        keras.config.set_dtype_policy("float32")
    plain = tiny(**conv, players={"d_terms": [R1(1.0)]})
    for model in (gan, plain):
        logs = model.train_step(batch((8, 8, 1)))
    assert all(value.dtype == tf.float32 for value in logs.values())
    assert all(weight.dtype == "float32" for weight in gan.networks["d"].trainable_variables)
    gap = np.abs(weights(gan) - weights(plain))
    assert 0 < gap.max() < 0.05
