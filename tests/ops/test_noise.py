"""Seeds: a function of what they are folded from, and of nothing else."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import noise


def numbers(seed):
    return tuple(np.asarray(seed).tolist())


def test_folding_depends_on_every_number_and_their_order():
    seed = noise.root(7)
    assert numbers(noise.fold(seed, 1, 2)) == numbers(noise.fold(noise.fold(seed, 1), 2))
    assert numbers(noise.fold(seed, 1, 2)) != numbers(noise.fold(seed, 2, 1))
    assert numbers(noise.fold(seed, 0)) != numbers(seed)
    assert numbers(noise.fold(seed)) == numbers(seed)


def test_seeds_of_runs_steps_and_turns_do_not_collide():
    seeds = {numbers(noise.fold(noise.root(run), step, turn)) for run in range(6) for step in range(12)
             for turn in range(4)}
    assert len(seeds) == 6 * 12 * 4


@pytest.mark.parametrize("kind", [tf.int32, tf.int64])
def test_tensors_fold_as_python_numbers_do(kind):
    want = numbers(noise.fold(noise.root(3), 5))
    assert numbers(noise.fold(noise.root(3), tf.constant(5, kind))) == want
    assert numbers(noise.fold(noise.root(tf.constant(3, kind)), 5)) == want
    assert numbers(tf.function(lambda step: noise.fold(noise.root(3), step))(tf.constant(5, kind))) == want


def test_seeds_are_the_same_under_xla():
    def seeds(run, step):  # arguments: constants would be folded before XLA sees them
        with noise.scope(noise.root(run)):
            return noise.fold(noise.root(run), step), noise.next_seed(), noise.next_seed()

    arguments = tf.constant(3), tf.constant(5)
    for plain, compiled in zip(seeds(*arguments), tf.function(seeds, jit_compile=True)(*arguments)):
        np.testing.assert_array_equal(plain, compiled)


def test_a_scope_numbers_its_draws():
    with noise.scope(noise.root(1)):
        first = [numbers(noise.next_seed()) for _ in range(3)]
    with noise.scope(noise.root(1)):
        again = [numbers(noise.next_seed()) for _ in range(3)]
    with noise.scope(noise.root(2)):
        other = [numbers(noise.next_seed()) for _ in range(3)]
    assert first == again
    assert len(set(first + other)) == 6


def test_scopes_nest_and_close_after_an_error():
    with noise.scope(noise.root(1)):
        want = [numbers(noise.next_seed()), numbers(noise.next_seed())]
    with noise.scope(noise.root(1)):
        got = [numbers(noise.next_seed())]
        with pytest.raises(ZeroDivisionError), noise.scope(noise.root(2)):
            noise.next_seed()
            raise ZeroDivisionError
        got.append(numbers(noise.next_seed()))
    assert got == want
    assert numbers(noise.next_seed()) != numbers(noise.next_seed())


def test_outside_a_scope_each_run_of_a_traced_function_draws_anew():
    draw = tf.function(noise.next_seed)
    assert len({numbers(draw()) for _ in range(4)}) == 4


def test_uniform_is_in_the_unit_interval_and_repeats_with_its_scope():
    def draw(seed):
        with noise.scope(noise.root(seed)):
            return noise.uniform((500, 1, 1)).numpy(), noise.uniform((500, 1, 1)).numpy()

    (first, second), (again, _), (other, _) = draw(1), draw(1), draw(2)
    assert first.shape == (500, 1, 1) and first.dtype == np.float32
    assert 0 <= first.min() and first.max() < 1 and abs(first.mean() - 0.5) < 0.05
    np.testing.assert_array_equal(first, again)
    assert (first != second).any() and (first != other).any()


def normal(shape, seed=0):
    with noise.scope(noise.root(seed)):
        return noise.normal(shape).numpy()


def test_normal_has_the_moments_and_quantiles_of_the_normal_distribution():
    drawn = normal((400_001,)).astype("float64")
    moments = [np.mean(drawn**power) for power in range(1, 7)]
    errors = np.array([1, 2, 15, 96, 945 - 9, 10395 - 225]) ** 0.5 / len(drawn) ** 0.5  # deviations of these means
    assert (np.abs(np.array(moments) - [0, 1, 0, 3, 0, 15]) < 5 * errors).all()
    known = {-3.0: 0.0013499, -2.0: 0.0227501, -1.0: 0.1586553, 0.0: 0.5, 0.5: 0.6914625, 1.5: 0.9331928}
    for edge, share in known.items():
        assert abs(np.mean(drawn < edge) - share) < 5 * (share * (1 - share) / len(drawn)) ** 0.5
    assert 4.0 < np.abs(drawn).max() <= 4.8547


def test_the_two_numbers_of_a_word_are_independent():
    drawn = normal((200_000,)).astype("float64")
    first, second = drawn[:100_000], drawn[100_000:]  # where the pairs are
    bound = 5 / 100_000**0.5
    assert abs(np.mean(first * second)) < bound and abs(np.mean((first**2 - 1) * (second**2 - 1)) / 2) < bound
    assert abs(np.mean(first[1:] * first[:-1])) < bound and len(np.unique(drawn)) > 190_000


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5, 1), (2, 3, 3, 5), (0, 4)])
def test_normal_of_any_shape_repeats_with_its_scope(shape):
    drawn = normal(shape)
    assert drawn.shape == shape and drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, normal(shape))
    if drawn.size:
        assert (drawn != normal(shape, seed=1)).all()


def test_normal_is_new_at_each_call_and_its_shape_may_be_a_tensor():
    with noise.scope(noise.root(0)):
        first, second = noise.normal((5, 3)), noise.normal((5, 3))
    assert (first.numpy() != second.numpy()).all()
    np.testing.assert_array_equal(normal(tf.constant([5, 3])), first)


def test_normal_compiles():
    def draw(run):
        with noise.scope(noise.root(run)):
            return noise.normal((301, 7))

    drawn = tf.function(draw, jit_compile=True)(tf.constant(3)).numpy()
    assert drawn.shape == (301, 7) and abs(drawn.mean()) < 0.1 and abs(drawn.std() - 1) < 0.1
