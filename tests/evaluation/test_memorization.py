"""Copies are found, also among few, and what is merely common is not taken for one."""

import numpy as np
import pytest

from tfgan_improved.errors import UserError
from tfgan_improved.evaluation import evaluate, image_set, scores
from tfgan_improved.evaluation.evidence import Evidence
from tfgan_improved.evaluation.scores import memorization


def drawn(n, seed, width=6):
    """A dense mode and a wide one."""
    random = np.random.RandomState(seed)
    return (random.randn(n, width) * np.where(np.arange(n) % 2, 5.0, 0.1)[:, None]).astype("f4")


TRAINING, HELD_OUT = drawn(2000, 0), drawn(1000, 1)


def test_ratios_match_their_formula():
    got = scores.copy_ratios(HELD_OUT[:50], TRAINING, k=7)
    apart = np.sort(np.linalg.norm(HELD_OUT[:50, None].astype("f8") - TRAINING[None], axis=-1), axis=1)[:, :7]
    np.testing.assert_allclose(got, apart[:, 0] / apart.mean(axis=1), rtol=1e-10)
    assert (got > 0).all() and (got <= 1).all()


def test_a_perfect_generator_has_the_quantile_and_a_copying_one_1():
    fresh = np.mean([scores.memorized_share(drawn(2000, seed), HELD_OUT, TRAINING) for seed in range(2, 6)])
    assert 0.004 < fresh < 0.02
    assert scores.memorized_share(TRAINING[:500], HELD_OUT, TRAINING) == 1.0
    mixed = np.concatenate([TRAINING[:200], drawn(1800, 7)])
    assert 0.1 < scores.memorized_share(mixed, HELD_OUT, TRAINING) < 0.125


def test_near_copies_count_and_samples_of_a_dense_mode_alone_do_not():
    """By the distance alone the dense mode's samples would look like copies."""
    random = np.random.RandomState(8)
    assert scores.memorized_share(TRAINING[1::2] + random.randn(1000, 6) * 0.02, HELD_OUT, TRAINING) > 0.95
    dense = drawn(2000, 9)[::2]
    assert scores.memorized_share(dense, HELD_OUT, TRAINING) < 0.05
    plain = memorization._share(scores.nearest_images(dense, TRAINING, 1)[0][:, 0],
                                scores.nearest_images(drawn(1000, 1)[1::2], TRAINING, 1)[0][:, 0], 0.01)
    assert plain > 0.9


def test_ties_count_in_part():
    one = np.ones((30, 3), "f4")
    np.testing.assert_allclose(memorization._share(np.zeros(9), np.zeros(200), 0.01), 0.01)
    np.testing.assert_allclose(scores.memorized_share(one, np.ones((100, 3), "f4"), one), 0.01)  # nothing can be told
    assert memorization._share(np.zeros(10), np.r_[np.zeros(4), np.ones(96)], 0.01) == 0.25  # held-out copies


@pytest.mark.parametrize("pixels", [False, True])
def test_nearest_images_are_told_with_their_distances(pixels):
    random = np.random.RandomState(3)
    training = random.randint(0, 256, (90, 4, 4, 3)).astype(np.uint8)
    queries = np.clip(training[[5, 60]].astype(int) + 1, 0, 255).astype(np.uint8)
    if not pixels:
        training, queries = (x.reshape(len(x), -1).astype("f4") for x in (training, queries))
    distances, indices = scores.nearest_images(queries, training, 3)
    assert indices[:, 0].tolist() == [5, 60] and (np.diff(distances, axis=1) >= 0).all()
    want = np.linalg.norm(queries.reshape(2, -1).astype("f8") - training[indices[:, 1]].reshape(2, -1), axis=1)
    np.testing.assert_allclose(distances[:, 1], want, rtol=1e-12)


def test_the_score_has_an_interval_and_its_spaces():
    mixed = np.concatenate([TRAINING[:100], drawn(900, 4)])
    sides = [Evidence(len(x), features=x) for x in (mixed, HELD_OUT, TRAINING)]
    value = memorization.Memorization()(*sides)["memorized"]
    assert value.low < value.value < value.high and 0.1 < value.value < 0.13
    assert memorization.Memorization(space="pixels").reads == ("images",)
    with pytest.raises(ValueError, match="features, pixels; received 'sound'"):
        memorization.Memorization(space="sound")


class Mean:
    """Sees each row's mean."""

    name, hash, resize, about, names = "mean", "0", "none", {}, {}

    def __call__(self, images):
        return {"features": images.mean(axis=2)[..., 0].astype("f4"), "logits": np.zeros((len(images), 2), "f4")}


def test_a_record_holds_samples_and_half_of_the_real_images_against_training_images(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))
    random = np.random.RandomState(5)
    images = random.randint(0, 256, (900, 6, 6, 1)).astype(np.uint8)
    sets = {name: image_set.of_arrays(name, part, about={"dataset": "noise", "split": name})
            for name, part in (("train", images[:400]), ("test", images[400:800]), ("new", images[800:]))}
    for score, name in (("memorization", "memorized_mean"), ("memorization:space=pixels", "memorized_pixels")):
        copied = evaluate.evaluate_images(sets["train"], sets["test"], None, Mean(), score, training=sets["train"])
        assert copied["scores"][name] == 1.0 and copied["real"][name] < 0.05
        assert copied["passport"]["training"] == "train" and copied["passport"]["trained_on"] == 400
        fresh = evaluate.evaluate_images(sets["new"], sets["test"], None, Mean(), score, training=sets["train"])
        assert fresh["scores"][name] < 0.1
    for real, training in (("train", "train"), ("test", None)):
        with pytest.raises(UserError, match="another split than the training one"):
            evaluate.evaluate_images(sets["new"], sets[real], None, Mean(), "memorization", training=sets.get(training))


@pytest.mark.parametrize("call, message", [
    (lambda: scores.nearest_images(HELD_OUT, TRAINING[:4]), "from 1 to the number of training images, 4; received 5"),
    (lambda: scores.nearest_images(HELD_OUT, TRAINING[:, :3]), "same width"),
    (lambda: scores.nearest_images(np.zeros((2, 4, 4, 1), np.uint8), np.zeros((9, 5, 4, 1), np.uint8)), "one shape"),
    (lambda: scores.nearest_images(np.zeros((2, 4, 4, 1)), np.zeros((9, 4, 4, 1), np.uint8)), "must be uint8"),
    (lambda: scores.copy_ratios(HELD_OUT, TRAINING, k=1), "k of at least 2; received 1"),
    (lambda: scores.memorized_share(HELD_OUT, HELD_OUT[:99], TRAINING), "at least 100 held-out images; received 99"),
    (lambda: scores.memorized_share(HELD_OUT, HELD_OUT, TRAINING, quantile=1.0), "between 0 and 1; received 1.0"),
])
def test_what_cannot_be_told_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
