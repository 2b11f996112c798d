"""Sums of closeness, all pairs at once and in blocks, against NumPy in value and both derivatives."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import closeness

KERNELS, DIMS = 3, 2
# rows, others (0: the rows themselves), own; most have as many blocks as others, so that few are compiled
CASES = {"one row": (1, 0, 0), "few": (5, 0, None), "odd": (37, 0, 0), "five chunks": (130, 0, 0),
         "others": (33, 43, None), "before": (7, 40, 11), "behind": (48, 34, -20)}


@pytest.fixture(params=["at once", "in blocks"])
def way(request, monkeypatch):
    monkeypatch.setattr(closeness, "SMALL", 2**30 if request.param == "at once" else 0)


def draw(n, m, kernels=KERNELS, dims=DIMS, dtype="float32"):
    random = np.random.default_rng(n + m)
    return tuple(random.normal(size=(count, kernels, dims)).astype(dtype) for count in ([n, m] if m else [n]))


def pairs(a, b, own):
    """Closeness (n, m, kernels) and signs (n, m, kernels, dims) in float64."""
    difference = a[:, None].astype("float64") - b[None]
    e = np.exp(-np.abs(difference).sum(-1))
    if own is not None:
        e *= (np.arange(len(a))[:, None] + own != np.arange(len(b))[None])[:, :, None]
    return e, np.sign(difference)


def oracle(inputs, g, own):
    """The sums, and the gradients of sum(g * sums) to rows (and others)."""
    a, b = inputs[0], inputs[-1]
    e, s = pairs(a, b, own)
    to_rows = -np.einsum("ib,ijb,ijbc->ibc", g, e, s)
    to_others = np.einsum("ib,ijb,ijbc->jbc", g, e, s)
    return e.sum(1), [to_rows + to_others] if len(inputs) == 1 else [to_rows, to_others]


def derivatives(inputs, g, h, own):
    """The sums, the gradient of sum(g * sums), and of sum(h * that gradient) to inputs and g."""
    inputs, g = [tf.convert_to_tensor(x) for x in inputs], tf.constant(g)
    with tf.GradientTape() as outer:
        outer.watch([inputs, g])
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            y = closeness.sums(*inputs, own=own)
            total = tf.reduce_sum(g * y)
        first = inner.gradient(total, inputs)
        along = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(h, first)])
    return y, first, outer.gradient(along, [*inputs, g])


@pytest.mark.parametrize("case", CASES)
def test_value_and_both_derivatives(case, way):
    n, m, own = CASES[case]
    inputs, random = draw(n, m), np.random.default_rng(0)
    g = random.normal(size=(n, KERNELS)).astype("float32")
    h, v = ([random.normal(size=x.shape).astype("float32") for x in [*inputs, g][:k]] for k in (len(inputs), 9))
    y, first, second = tf.function(lambda *x: derivatives(x, g, h, own))(*inputs)
    value, gradients = oracle(inputs, g, own)
    np.testing.assert_allclose(y, value, rtol=1e-5, atol=1e-6)
    for got, want in zip(first, gradients, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(want).max()))

    def along(t):  # sum(h * gradient) where everything has moved by t along v
        moved = [x.astype("float64") + t * step for x, step in zip([*inputs, g], v)]
        return sum((a * b).sum() for a, b in zip(h, oracle(moved[:-1], moved[-1], own)[1]))

    want = (along(1e-6) - along(-1e-6)) / 2e-6
    got = sum(float((np.asarray(a, "float64") * b).sum()) for a, b in zip(second, v, strict=True))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-3)


def test_blocks_are_exact_to_1e_5_at_the_size_of_real_layers():
    x, = draw(150, 0, 20, 5)
    g = np.random.default_rng(0).normal(size=(150, 20)).astype("float32")
    assert not closeness._small(tf.constant(x), tf.constant(x))
    with tf.GradientTape() as tape:
        rows = tf.Variable(x)
        y = closeness.sums(rows, own=0)
        total = tf.reduce_sum(g * y)
    value, (gradient,) = oracle([x], g, 0)
    np.testing.assert_allclose(y, value, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(total, rows), gradient, atol=1e-5 * np.abs(gradient).max())


def test_one_function_takes_any_number_of_rows():
    function = tf.function(lambda x: closeness.sums(x, own=0), [tf.TensorSpec((None, KERNELS, DIMS))])
    for n in (1, 2, 33, 150):
        x, = draw(n, 0)
        np.testing.assert_allclose(function(x), pairs(x, x, 0)[0].sum(1), rtol=1e-5, atol=1e-6)
    assert function.experimental_get_tracing_count() == 1


def test_equal_rows_have_no_gradient(way):
    y, first, second = derivatives([np.ones((40, KERNELS, DIMS), "float32")], np.ones((40, KERNELS), "float32"),
                                   [np.ones((40, KERNELS, DIMS), "float32")], 0)
    np.testing.assert_array_equal(y, 39.0)
    np.testing.assert_array_equal(first[0], 0.0)
    np.testing.assert_array_equal(second[0], 0.0)


def test_inside_a_function_that_is_compiled_as_a_whole(way):
    (x,), random = draw(9, 0), np.random.default_rng(0)
    g, h = random.normal(size=(9, KERNELS)).astype("float32"), random.normal(size=x.shape).astype("float32")
    want = derivatives([x], g, [h], 0)
    got = tf.function(lambda x: derivatives([x], g, [h], 0), jit_compile=True)(x)
    for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("small", [0, 2**24])
def test_without_xla(small, monkeypatch):
    monkeypatch.setattr(tf.test, "is_built_with_xla", lambda: False)
    monkeypatch.setattr(closeness, "_compiled_chunk", None)
    monkeypatch.setattr(closeness, "SMALL_UNCOMPILED", small)
    (x,), g = draw(170, 0, kernels=4), np.ones((170, 4), "float32")  # other kernels than in traces of other tests
    y, first, _ = tf.function(lambda x: derivatives([x], g, [x], 0))(x)
    value, (gradient,) = oracle([x], g, 0)
    np.testing.assert_allclose(y, value, rtol=1e-5)
    np.testing.assert_allclose(first[0], gradient, atol=1e-5 * np.abs(gradient).max())


def test_float64(way):
    x, = draw(40, 0, dtype="float64")
    y = closeness.sums(tf.constant(x), own=0)
    assert y.dtype == tf.float64
    np.testing.assert_allclose(y, pairs(x, x, 0)[0].sum(1), rtol=1e-12)


def test_a_third_derivative_in_blocks_is_refused(monkeypatch):
    monkeypatch.setattr(closeness, "SMALL", 0)
    (x,), g = draw(5, 0), np.ones((5, KERNELS), "float32")
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(derivatives([x], g, [x], 0)[2][0])
    with pytest.raises(NotImplementedError, match="three times, twice is what they allow; take fewer rows"):
        tape.gradient(total, x)


def test_saved_and_loaded(way, tmp_path):
    module, (x,) = tf.Module(), draw(45, 0)
    module.sums = tf.function(lambda x: closeness.sums(x, own=0), [tf.TensorSpec((None, KERNELS, DIMS))])
    tf.saved_model.save(module, tmp_path / "sums")
    got = tf.saved_model.load(tmp_path / "sums").sums(tf.constant(x))
    np.testing.assert_allclose(got, pairs(x, x, 0)[0].sum(1), rtol=1e-5)


def test_nearest():
    x, = draw(50, 0)
    distance = np.abs(x[:, None] - x[None]).sum(-1) + 1e6 * np.eye(50)[:, :, None]
    np.testing.assert_allclose(closeness.nearest(tf.constant(x)), distance.min(1), rtol=1e-5)
    np.testing.assert_array_equal(closeness.nearest(tf.ones((1, 3, 2))), 1e6)


PEAK = """
import json, resource
import tensorflow as tf
from tfgan_improved.ops import closeness
x = tf.random.stateless_normal((2048, 100, 5), (1, 2))
def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
@tf.function
def both(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(closeness.sums(x, own=0))
    return tape.gradient(total, x)
before = used()
both(x)
print(json.dumps(used() - before))
"""


@pytest.mark.slow
def test_a_batch_of_2048_stays_under_half_a_gigabyte():
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) < 0.5  # all pairs at once take 8 GB for one tensor
