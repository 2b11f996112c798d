"""MinibatchDiscrimination in its forms against NumPy, and its properties; larger batches in ops/test_closeness.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import HEADS, MinibatchDiscrimination
from tfgan_improved.ops import first_batch

FORMS = {"others": {}, "as printed": {"include_self": True}, "released code": {"weight_norm": True},
         "both": {"include_self": True, "weight_norm": True}}


def oracle(x, weights, kernels, dims, include_self=False):
    """The features (n, kernels) in NumPy, in float64; weights are [T] or [T, log_scale, b]."""
    t, *rest = (np.asarray(w, "float64") for w in weights)
    if rest:
        t = t * np.exp(rest[0]).ravel() / np.linalg.norm(t, axis=0)
    m = (x.astype("float64") @ t).reshape(len(x), kernels, dims)
    distance = np.abs(m[:, None] - m[None]).sum(-1)
    if not include_self:
        distance += 1e6 * np.eye(len(x))[:, :, None]
    return np.exp(-distance).sum(1) + (rest[1] if rest else 0.0)


def rows(n=7, features=4):
    return np.random.default_rng(n).normal(size=(n, features)).astype("float32")


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def test_value(form):
    x = rows()
    layer = MinibatchDiscrimination(kernels=3, dims=2, **form)
    got = np.asarray(layer(x))
    want = oracle(x, layer.get_weights(), 3, 2, form.get("include_self", False))
    np.testing.assert_array_equal(got[:, :4], x)
    np.testing.assert_allclose(got[:, 4:], want, rtol=1e-5, atol=1e-6)


def test_gradient(form):
    """Along a random direction of the input and all weights, in float64."""
    x, random = rows().astype("float64"), np.random.default_rng(0)
    layer = MinibatchDiscrimination(kernels=3, dims=2, dtype="float64", **form)
    layer.build(x.shape)
    values = [x, *layer.get_weights()]
    steps = [random.normal(size=value.shape) for value in values]
    with tf.GradientTape() as tape:
        variable = tf.Variable(x)
        total = tf.reduce_sum(tf.sin(3.0 * layer(variable)[:, 4:]))
    gradients = tape.gradient(total, [variable, *(v.value for v in layer.trainable_variables)])
    got = sum((np.asarray(a) * b).sum() for a, b in zip(gradients, steps, strict=True))

    def loss(t):
        moved = [value + t * step for value, step in zip(values, steps)]
        return np.sin(3.0 * oracle(moved[0], moved[1:], 3, 2, form.get("include_self", False))).sum()

    np.testing.assert_allclose(got, (loss(1e-6) - loss(-1e-6)) / 2e-6, rtol=1e-6)


def test_weights_are_named_and_start_as_the_code_has_them():
    keras.utils.set_random_seed(0)
    layer = MinibatchDiscrimination(kernels=100, dims=5, weight_norm=True)
    layer.build((None, 192))
    assert [(v.name, v.shape) for v in layer.weights] == [("T", (192, 500)), ("log_scale", (100, 5)), ("b", (100,))]
    t, log_scale, b = layer.get_weights()
    assert t.std() == pytest.approx(0.05, rel=0.02) and abs(t.mean()) < 1e-3
    np.testing.assert_array_equal(log_scale, 0.0)
    np.testing.assert_array_equal(b, -1.0)
    plain = MinibatchDiscrimination()
    plain.build((None, 192))
    assert [(v.name, v.shape) for v in plain.weights] == [("T", (192, 250))]


def test_equal_samples_are_fully_close_and_one_alone_is_not(form):
    layer = MinibatchDiscrimination(kernels=3, dims=2, **form)
    constant = -1.0 * layer.weight_norm + layer.include_self
    np.testing.assert_allclose(layer(np.ones((5, 3), "float32"))[:, 3:], 4.0 + constant, rtol=1e-5)
    np.testing.assert_array_equal(layer(np.ones((1, 3), "float32"))[:, 3:], constant)


def test_permuting_the_batch_permutes_the_output(form):
    x = rows()
    layer, order = MinibatchDiscrimination(**form), np.array([3, 1, 5, 0, 6, 2, 4])
    np.testing.assert_allclose(layer(x[order]), np.asarray(layer(x))[order], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("include_self", [False, True])
def test_the_first_batch_sets_scales_and_offsets(include_self):
    x, again = rows(40), rows(9)
    layer = MinibatchDiscrimination(kernels=3, dims=2, weight_norm=True, include_self=include_self)
    layer.build(x.shape)
    layer.log_scale.assign(np.random.default_rng(0).normal(size=(3, 2)))  # it starts from what is there
    t, log_scale, _ = layer.get_weights()
    m = ((x @ (t * np.exp(log_scale).ravel() / np.linalg.norm(t, axis=0))).reshape(40, 3, 2))
    distance = np.abs(m[:, None] - m[None]).sum(-1) + 1e6 * np.eye(40)[:, :, None]
    half = 0.5 * distance.min(1).mean(0)
    with first_batch.scope():
        y = layer(x)
    np.testing.assert_array_equal(layer.T, t)
    np.testing.assert_allclose(layer.log_scale, log_scale - np.log(half)[:, None], rtol=1e-4, atol=1e-5)
    closeness = np.exp(-distance / half[:, None].T).sum(1) + include_self
    np.testing.assert_allclose(layer.b, -closeness.mean(0), rtol=1e-4)
    np.testing.assert_allclose(np.asarray(y)[:, 4:].mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(layer(x), y, rtol=1e-6)  # the pass went on with what it had set
    before = layer.get_weights()
    layer(again)
    for one, other in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(one, other)


def test_the_first_batch_leaves_the_other_forms_alone():
    layer, x = MinibatchDiscrimination(kernels=3, dims=2), rows()
    want = layer(x)
    with first_batch.scope():
        np.testing.assert_array_equal(layer(x), want)


@pytest.mark.parametrize("n", [1, 6])
def test_the_first_batch_needs_different_rows(n):
    layer = MinibatchDiscrimination(weight_norm=True, name="head")
    with first_batch.scope(), pytest.raises(ValueError, match=f"the first batch gave head {n} rows of which no two"):
        layer(np.ones((n, 3), "float32"))


def test_saved_cloned_and_made_again(form, tmp_path):
    inputs, x = keras.Input((4,)), rows(11)
    model = keras.Model(inputs, MinibatchDiscrimination(kernels=3, dims=2, across_replicas=True, **form)(inputs))
    with first_batch.scope():
        want = model(x)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), want)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(copy(x), want)
    assert copy.layers[-1].get_config() == model.layers[-1].get_config()
    assert model.output_shape == (None, 7) and want.shape == (11, 7)


def test_any_batch_in_one_trace(form):
    layer = MinibatchDiscrimination(kernels=3, dims=2, **form)
    layer.build((None, 4))
    function = tf.function(layer, input_signature=[tf.TensorSpec((None, 4))])
    for n in (1, 5, 40):
        want = oracle(rows(n), layer.get_weights(), 3, 2, layer.include_self)
        np.testing.assert_allclose(function(rows(n))[:, 4:], want, rtol=1e-5, atol=1e-6)


def test_gradients_are_finite_where_rows_are_equal(form):
    layer, x = MinibatchDiscrimination(kernels=3, dims=2, **form), tf.ones((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    for gradient in tape.gradient(total, [x, *(v.value for v in layer.trainable_variables)]):
        assert np.isfinite(gradient).all()


def test_mixed_precision_measures_distances_in_float32(form):
    """300 equal rows have closeness 299, which bfloat16 sums would not reach; near rows are told apart."""
    layer = MinibatchDiscrimination(kernels=2, dims=2, dtype="mixed_bfloat16", **form)
    y = layer(np.ones((300, 4), "float32"))
    assert y.dtype == tf.bfloat16 and {v.dtype for v in layer.weights} == {"float32"}
    np.testing.assert_allclose(tf.cast(y, tf.float32)[:, 4:], 299.0, rtol=1e-2)
    x = np.asarray(tf.cast(100.0 + rows(), tf.bfloat16)).astype("float32")  # projections of 100 and differences of 1
    want = oracle(x, layer.get_weights(), 2, 2, layer.include_self)
    np.testing.assert_allclose(tf.cast(layer(x), tf.float32)[:, 4:], want, rtol=1e-2, atol=1e-3)


def test_the_released_form_is_one_spec_away():
    layer = HEADS.make("minibatch_discrimination:kernels=100,dims=5,weight_norm=true")
    assert (layer.kernels, layer.dims, layer.weight_norm, layer.include_self) == (100, 5, True, False)


def test_refuses_other_ranks_and_sizes():
    with pytest.raises(ValueError, match=r"wants rank 2, \(n, f\); received shape \(2, 3, 4\); flatten first"):
        MinibatchDiscrimination()(np.ones((2, 3, 4), "float32"))
    with pytest.raises(ValueError, match="MinibatchDiscrimination must be whole numbers, at least 1; rec.* 0, 5"):
        MinibatchDiscrimination(kernels=0)
    for kernels in (2.5, "a"):
        with pytest.raises(ValueError, match=f"must be whole numbers, at least 1; received {kernels!r}, 5"):
            MinibatchDiscrimination(kernels=kernels)
    with pytest.raises(ValueError, match="at least 1; received 5, -1"):
        MinibatchDiscrimination(5, -1)
