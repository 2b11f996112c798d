"""Quick scores while training: of other real images than the reported ones, by the formulas of the scores."""

import types

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.evaluation import scores, selection
from tfgan_improved.evaluation.modes import mode_scores

SAMPLES = np.random.default_rng(1).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)


class Sampler:
    """Gives always the same images; remembers the seeds."""

    def __init__(self, samples):
        self.samples, self.seeds = samples, []

    def sample(self, count, seed, truncation):
        self.seeds.append(int(seed))
        return {"images": tf.constant(self.samples[:int(count)])}


class Eyes:
    """Sees a few pixels."""

    name, hash, resize, about, names = "eyes", "0123", "none", {}, {"classifier_score": "sharpness"}

    def __call__(self, images):
        x = images.reshape(len(images), -1)[:, ::9].astype(np.float32) / 64
        return {"logits": x[:, :4], "features": x}


@pytest.fixture
def digits(tmp_path, monkeypatch):
    """A function (holdout) -> the digits at 8 x 8."""
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))
    return lambda holdout=0: data.load("digits", None, 8, holdout)


@pytest.mark.parametrize("holdout, split, real", [(0, "train", 1500), (100, "validation", 100)])
def test_the_score_is_of_images_that_are_not_the_reported_ones(digits, holdout, split, real):
    source = digits(holdout)
    judge, sampler, see = selection.ImageJudge(source, 50, Eyes()), Sampler(SAMPLES), Eyes()
    got, fake = judge(sampler), see(SAMPLES[:50])
    assert set(got) == {"fd_eyes", "sharpness"} and judge.about["by"] == "fd_eyes"
    want = scores.frechet_distance(fake["features"], see(source.arrays(split)[0])["features"])
    np.testing.assert_allclose(got["fd_eyes"], want, rtol=1e-6)
    np.testing.assert_allclose(got["sharpness"], scores.classifier_score(fake["logits"], 1)[0])
    assert judge.about == {"by": "fd_eyes", "better": "lower", "split": split, "samples": 50, "real": real,
                           "extractor": "0123"}
    assert sampler.seeds[-1] == selection.SEED and judge(sampler) == got


def test_a_generator_that_makes_nan_has_no_score(digits):
    class Diverged(Sampler):
        def sample(self, count, seed, truncation):
            return super().sample(count, seed, truncation) | {"finite": tf.constant([True, False])}

    judge = selection.ImageJudge(digits(), 50, Eyes())
    assert judge(Diverged(SAMPLES)) == {"fd_eyes": None, "sharpness": None}


def test_points_are_scored_by_their_modes():
    source = data.load("ring8")
    points = source.arrays("test", 200)[0]
    assert selection.refusal(source) == "" and selection.ready(source)
    judge = selection.judge(source, 200)
    got, want = judge(Sampler(points)), mode_scores(points, source.centers, source.std)
    assert got == {**want, "modes_and_good_share": 8 + want["good_share"]} and judge.about["better"] == "higher"
    half = np.concatenate([points[:100], np.full((100, 2), 50.0, np.float32)])
    assert judge(Sampler(half))["modes_and_good_share"] < got["modes_and_good_share"]


def test_what_has_no_labels_is_refused_in_one_sentence():
    images = types.SimpleNamespace(name="mine", shape=(8, 8, 3), classes=0)
    assert selection.refusal(images).startswith("no scores while training: mine has no labels to train a classifier")
    assert selection.refusal(types.SimpleNamespace(shape=(8, 8, 3), classes=2)) == ""


def test_whether_a_classifier_must_be_trained_first_is_known(digits):
    assert not selection.ready(digits())
