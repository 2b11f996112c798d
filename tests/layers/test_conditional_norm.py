"""Normalization by a condition against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import BatchNorm, ConditionalNorm, SpectralNorm
from tfgan_improved.ops import class_mix

LABELS = np.array([0, 2, 1, 2, 0])


@pytest.fixture
def double():
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def formula(x, gain, bias, epsilon=1e-5):
    axes = tuple(range(x.ndim - 1))
    y = (x - x.mean(axes)) / np.sqrt(x.var(axes) + epsilon)
    places = (len(x), *[1] * (x.ndim - 2), x.shape[-1])
    return y * (1 + gain.reshape(places)) + bias.reshape(places)


@pytest.mark.parametrize("shape", [(5, 3, 4, 6), (5, 6)])
def test_tables_of_classes_in_value_and_gradient(double, shape):
    keras.utils.set_random_seed(0)
    layer, x = ConditionalNorm.of_classes(BatchNorm(center=False, scale=False), 3, 6), tf.constant(numbers(*shape))
    np.testing.assert_allclose(layer([x, LABELS], training=True), formula(
        x.numpy(), np.zeros((5, 6)), np.zeros((5, 6))), rtol=1e-4, atol=1e-6)  # starts as the norm alone
    tables = [numbers(3, 6, seed=seed).astype("float32") for seed in (1, 2)]
    layer.gain.embeddings.assign(tables[0])
    layer.bias.embeddings.assign(tables[1])
    upstream = numbers(*shape, seed=3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer([x, LABELS], training=True)
        total = tf.reduce_sum(y * upstream)
    slopes = tape.gradient(total, [x, layer.gain.embeddings.value, layer.bias.embeddings.value])

    def value(x, gain, bias):
        return (formula(x, gain[LABELS], bias[LABELS]) * upstream).sum()

    np.testing.assert_allclose(y, formula(x.numpy(), *(table[LABELS] for table in tables)), rtol=1e-6, atol=1e-8)
    at, h = [x.numpy(), *(table.astype("float64") for table in tables)], 1e-5
    for index, slope in enumerate(slopes):
        turn = numbers(*at[index].shape, seed=4)
        ahead, behind = ([part + sign * h * turn if place == index else part for place, part in enumerate(at)]
                         for sign in (1, -1))
        want = (value(*ahead) - value(*behind)) / (2 * h)
        np.testing.assert_allclose(np.sum(tf.convert_to_tensor(slope) * turn), want, rtol=1e-5)


def test_linear_in_a_vector():
    x, c = numbers(4, 3, 5, 6).astype("float32"), numbers(4, 7, seed=1).astype("float32")
    plain = BatchNorm(center=False, scale=False)
    layer = ConditionalNorm.of_vector(plain, 6, SpectralNorm, keras.initializers.Orthogonal)
    y = layer([x, c], training=True)
    assert isinstance(layer.gain, SpectralNorm) and [tuple(v.shape) for v in layer.trainable_variables] == [(7, 6)] * 2

    def seen(wrapper):  # u as the call has left it: the same to rounding, for orthogonal kernels have one sigma, 1
        return c @ np.asarray(wrapper.kernel)

    np.testing.assert_allclose(y, formula(x, seen(layer.gain), seen(layer.bias)), rtol=1e-3, atol=1e-4)
    moved = c.copy()
    moved[0] += 1.0
    apart = np.abs(np.asarray(layer([x, moved], training=True) - layer([x, c], training=True))).max((1, 2, 3))
    assert apart[0] > 1e-2 and (apart[1:] < 1e-5).all()


def test_without_a_norm_it_scales_and_shifts():
    x, layer = numbers(5, 6).astype("float32"), ConditionalNorm.of_classes(None, 3, 6)
    np.testing.assert_array_equal(layer([x, LABELS]), x)
    layer.bias.embeddings.assign(np.ones((3, 6)))
    np.testing.assert_allclose(layer([x, LABELS]), x + 1, rtol=1e-6)


def test_sampling_uses_the_moving_averages_and_it_is_restored(tmp_path):
    inputs = [keras.Input((3, 3, 6)), keras.Input((), dtype="int32")]
    model = keras.Model(inputs, ConditionalNorm.of_classes(BatchNorm(center=False, scale=False), 3, 6)(inputs))
    x = [numbers(5, 3, 3, 6).astype("float32"), LABELS]
    for _ in range(3):
        model(x, training=True)
    single = model([x[0][:1], LABELS[:1]])
    np.testing.assert_allclose(single, model(x)[:1], rtol=1e-5)  # others in the batch do not matter
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras")(x), model(x))
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(x), model(x))


def test_tables_of_other_widths_are_told():
    with pytest.raises(ValueError, match="a gain and a bias for each of 6 channels; received 5 from 'gain'"):
        ConditionalNorm.of_classes(BatchNorm(), 3, 5)([keras.Input((6,)), keras.Input((), dtype="int32")])


@pytest.mark.parametrize("rows, conditions", [(1, 3), (3, 1), (2, 3)])
@pytest.mark.parametrize("of_vector", [True, False])
def test_another_number_of_conditions_than_rows_is_told(rows, conditions, of_vector):
    message = rf"received {rows} rows and {conditions} conditions, of shapes \({rows}, 6\)"
    x, c = numbers(rows, 6), numbers(conditions, 2) if of_vector else LABELS[:conditions]

    def layer():
        return ConditionalNorm.of_vector(None, 6) if of_vector else ConditionalNorm.of_classes(None, 3, 6)

    with pytest.raises(ValueError, match=message):
        layer()([x, c])
    built = layer()
    built.build([(None, 6), (None, *c.shape[1:])])
    for call in (built, tf.function(lambda inputs: built(inputs))):
        with pytest.raises(ValueError, match=message):
            call([tf.constant(x), tf.constant(c)])


def test_one_hot_labels_are_told():
    layer, x, told = ConditionalNorm.of_classes(None, 3, 6), numbers(5, 6), r"must have shape \(n,\).*their argmax"
    with pytest.raises(ValueError, match=told):
        layer([keras.Input((6,)), keras.Input((3,))])
    layer.build([(None, 6), (None,)])
    with pytest.raises(ValueError, match=told):
        layer([x, np.eye(3)[LABELS]])


@pytest.mark.parametrize("label", [-1, 3, 7, np.nan])
def test_a_label_that_is_no_class_is_told(label):
    layer = ConditionalNorm.of_classes(None, 3, 6)
    with pytest.raises(ValueError, match=f"labels of 'gain' must be from 0 to 2, for 3 classes; received {label}"):
        layer([numbers(2, 6), np.array([2, label])])


def test_a_label_mixed_in_that_is_no_class_is_told():
    layer = ConditionalNorm.of_classes(None, 3, 6)
    with class_mix.mixed(tf.constant([0, 3]), tf.constant([0.5, 0.5])):
        with pytest.raises(ValueError, match="from 0 to 2, for 3 classes; received 3"):
            layer([numbers(2, 6), np.array([2, 1])])
