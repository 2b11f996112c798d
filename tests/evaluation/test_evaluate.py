"""A record: the right scores of the right images, real ones beside them, and the passport."""

import json
import weakref

import numpy as np
import pytest

from tfgan_improved.errors import UserError
from tfgan_improved.evaluation import evaluate, image_set, passport, scores


class Blobs:
    """A labeled set of small images, sorted by class as folders are."""

    name, shape, dtype, classes, in_memory = "blobs", (4, 4, 1), "uint8", 5, True
    counts = {"train": 400, "validation": 0, "test": 200}

    def check(self, split):
        assert self.counts[split]

    def arrays(self, split, limit=None):
        n = self.counts[split]
        labels = np.sort(np.arange(n) % 5).astype(np.int32)
        noise = np.random.RandomState(len(split)).randint(0, 20, (n, *self.shape))
        return (labels[:, None, None, None] * 40 + noise).astype(np.uint8)[:limit], labels[:limit]


class Brightness:
    """Sees the mean brightness; certain of its class."""

    name, hash, resize, about = "blobs", "0123", "none", {"accuracy": 0.75}
    names = {"classifier_score": "sharpness"}

    def __call__(self, images):
        mean = images.mean(axis=(1, 2, 3))
        logits = -np.abs(mean[:, None] - np.array([10, 50, 90, 130, 170])).astype(np.float32)
        return {"logits": logits, "features": np.stack([mean / 100, images[:, 0, 0, 0] / 100], 1).astype(np.float32)}


def record(images, split="test", splits=10, **arguments):
    real, other = (image_set.of_source(Blobs(), name) for name in (split, "test" if split == "train" else "train"))
    return evaluate.evaluate_images(image_set.of_arrays("fakes", images), real, other, Brightness(),
                                    f"classifier_score:splits={splits} frechet kernel", **arguments)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def fakes():
    return np.random.RandomState(1).randint(0, 200, (200, 4, 4, 1)).astype(np.uint8)


def test_scores_are_those_of_the_images_against_the_split(fakes):
    got, see, source = record(fakes, split="test", splits=1, step=7), Brightness(), Blobs()
    real, fake = see(source.arrays("test")[0]), see(fakes)
    assert got["step"] == 7
    np.testing.assert_allclose(got["scores"]["sharpness"], scores.classifier_score(fake["logits"], None)[0])
    np.testing.assert_allclose(got["scores"]["fd_blobs"], scores.frechet_distance(fake["features"], real["features"]))
    np.testing.assert_allclose(got["scores"]["kd_blobs"], scores.kernel_distance(fake["features"], real["features"])[0])
    np.testing.assert_allclose(got["real"]["sharpness"], scores.classifier_score(real["logits"], None)[0])
    order = np.random.RandomState(image_set.MIXING_SEED).permutation(400)[:200]
    other = see(source.arrays("train")[0][order])
    np.testing.assert_allclose(got["real"]["fd_blobs"], scores.frechet_distance(other["features"], real["features"]))


def test_sorted_images_are_mixed_before_they_are_cut_in_parts():
    """Each part of sorted images holds one class of the five and would score 1."""
    images = Blobs().arrays("test")[0]
    assert scores.classifier_score(Brightness()(images)["logits"], 10)[0] < 1.5
    got = record(images, splits=10)
    assert got["scores"]["sharpness"] > 4 and got["real"]["sharpness"] > 4


def test_the_real_split_is_scored_in_parts_no_smaller_than_those_of_the_samples(fakes):
    many = record(np.tile(fakes, (10, 1, 1, 1)), splits=10)
    assert many["real"]["sharpness_std"] == 0.0  # 200 images are one part of 2000
    assert record(fakes, splits=10)["real"]["sharpness_std"] > 0.0


def test_real_images_are_held_against_other_real_images(fakes):
    assert record(fakes, split="test")["real"]["fd_blobs"] != 0.0
    assert record(fakes, split="train")["real"]["fd_blobs"] != 0.0  # test against train, not train against itself
    assert record(fakes, split="train")["passport"]["real"] == 400


def test_the_passport_says_everything_and_is_json(fakes):
    got = record(fakes, split="test", splits=4, seed=3, seeds={"run": 1}, real_limit=150)
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    of = got["passport"]
    assert (of["dataset"], of["shape"], of["reference"]) == ("blobs", [4, 4, 1], "test")
    assert (of["samples"], of["real"], of["other_real"]) == (200, 150, 200)
    assert of["scores"] == {"ClassifierScore": {"splits": 4}, "Frechet": {}, "Kernel": {}}
    assert of["extractor"] == {"name": "blobs", "hash": "0123", "resize": "none", "accuracy": 0.75}
    assert of["quantization"] == "uint8" and of["seeds"] == {"sample": 3, "run": 1}
    assert set(of["versions"]) == {"python", "tensorflow", "keras", "numpy", "scipy", "tensorflow-gan",
                                   "tfgan_improved"}
    assert all(of["versions"].values())


def test_passports_that_differ_in_more_than_seeds_are_not_comparable(fakes):
    first = record(fakes, seed=0)["passport"]
    assert passport.differences(first, record(fakes, seed=1)["passport"]) == []
    assert passport.differences(first, record(fakes[:100])["passport"]) == ["samples"]
    other = record(fakes, split="train")["passport"]
    assert passport.differences(first, other) == ["real", "real_hash", "reference"]
    assert passport.differences(first, first | {"extractor": first["extractor"] | {"hash": "4"}}) == ["extractor.hash"]
    assert passport.differences(first, record(fakes, splits=5)["passport"]) == ["scores.ClassifierScore.splits"]
    newer = first | {"versions": first["versions"] | {"tensorflow": "9"}}
    assert passport.differences(first, newer) == ["versions.tensorflow"]


def test_the_sentence_names_each_score_and_the_real_one_beside_it(fakes):
    got = record(fakes, step=12)
    text = evaluate.sentence(got)
    assert text.startswith("step 12: sharpness ") and "\n" not in text
    assert f"(real {got['real']['fd_blobs']:.4g})" in text
    assert text.endswith("200 samples against 200 test images of blobs, seen by blobs, 75.00% accurate")
    assert evaluate.sentence(got | {"step": None}).startswith("sharpness")


@pytest.mark.parametrize("images, splits, message", [
    (np.zeros((9, 4, 4, 1), np.uint8), 10, "from 1 to the number of samples, 9; received 10"),
    (np.zeros((1, 4, 4, 1), np.uint8), 1, "give at least 2"),
    (np.zeros((9, 4, 4, 1), np.uint8), 0, "received 0"),
    (np.zeros((20, 5, 5, 1), np.uint8), 10, r"shape \(5, 5, 1\) cannot be held against 'blobs'.*\(4, 4, 1\)"),
    (np.zeros((20, 4, 4, 3), np.uint8), 10, "cannot be held against .*; give both in grey or both in color"),
    (np.zeros((20, 4, 4, 1), np.float32), 10, "images must be uint8"),
])
def test_what_cannot_be_evaluated_is_one_sentence(images, splits, message):
    with pytest.raises(UserError, match=message) as caught:
        record(images, splits=splits)
    assert "\n" not in str(caught.value)


def test_scores_that_compare_need_real_images(fakes):
    samples = image_set.of_arrays("fakes", fakes)
    alone = evaluate.evaluate_images(samples, extractor=Brightness())
    assert set(alone["scores"]) == {"sharpness", "sharpness_std"} and alone["real"] == {}
    with pytest.raises(UserError, match="compare with real images.*--against"):
        evaluate.evaluate_images(samples, extractor=Brightness(), scores="frechet")


def test_names_of_scores_may_stand_in_a_list(fakes):
    samples, real = image_set.of_arrays("fakes", fakes), image_set.of_source(Blobs(), "test")
    one, two = (evaluate.evaluate_images(samples, real, None, Brightness(), asked)["scores"]
                for asked in ("frechet kernel", ["frechet", "kernel"]))
    assert one == two


class Named:
    """A score of one's own whose name says not which way is better."""

    reads, compares, seen = ("images",), False, False

    def __call__(self, samples, real=None):
        return {"mine": scores.Value(1.0)}


@pytest.mark.parametrize("asked, message", [
    ("precision_recall:k=3 precision_recall:k=5", "two of the scores are called precision, and one would take the"),
    ([Named(), Named()], "two of the scores are called mine"),
    ("frechet sliced_wasserstein", "need an extractor; give one, or scores of pixels such as sliced_wasserstein"),
])
def test_scores_that_cannot_be_told_apart_or_seen_are_one_sentence(fakes, asked, message):
    eyes = None if "extractor" in message else Brightness()
    with pytest.raises(UserError, match=message):
        evaluate.evaluate_images(image_set.of_arrays("fakes", fakes), image_set.of_source(Blobs(), "test"), None, eyes,
                                 asked)


def test_scores_of_pixels_need_no_extractor(fakes):
    got = evaluate.evaluate_images(image_set.of_arrays("fakes", np.tile(fakes, (1, 2, 2, 1))), image_set.of_arrays(
        "real", np.tile(fakes, (1, 2, 2, 1))), scores="sliced_wasserstein:patches=4,directions=8")
    assert got["scores"]["swd"] == 0.0 and "extractor" not in got["passport"]
    assert evaluate.sentence(got).endswith("; 200 samples against 200 images of real")


@pytest.mark.parametrize("asked, count, message", [
    ("classifier_score", 5, "from 1 to the number of samples, 5; received 10; give more samples, or another number, as "
                            "--scores=classifier_score:splits=5"),
    ("precision_recall", 3, "k from 1 to 2.*received k=3; give more samples"),
    ("precision_recall:k=0", 30, "received k=0; give a k of at least 1"),
    ("density_coverage", 5, "k from 1 to 4.*received k=5"),
    ("memorization:quantile=0.001", 9, "at least 1000 held-out images; received 200"),
])
def test_counts_are_checked_before_anything_is_looked_at(fakes, asked, count, message):
    samples, train, real = image_set.of_arrays("fakes", fakes), *(image_set.of_source(Blobs(), split)
                                                                  for split in ("train", "test"))
    with pytest.raises(UserError, match=message):
        evaluate.ready(samples, real, None, asked, count=count, training=train)


def test_what_was_seen_of_samples_is_gone_before_other_real_images_are_looked_at(fakes, monkeypatch):
    seen, plain = {}, evaluate.look

    def look(images, *arguments, **named):
        if len(seen) == 2:
            assert seen["fakes"]() is None
        found = plain(images, *arguments, **named)
        seen[images.name if images.name not in seen else "other"] = weakref.ref(found)
        return found

    monkeypatch.setattr(evaluate, "look", look)
    assert record(fakes)["passport"]["other_real"] == 200 and set(seen) == {"fakes", "blobs", "other"}


def test_intervals_cover_the_score_and_the_bias_of_few_samples_is_seen(fakes):
    got = record(fakes)
    for name, (low, high) in got["intervals"].items():
        assert low < got["scores"][name] < high
    assert set(got["intervals"]) == {"sharpness", "fd_blobs"}  # one block of a kernel distance says nothing
    assert set(got["bias"]) == {"fd_blobs"}
