"""What is kept of real images: computed once, found again by what it is of, shared, replaced where it is damaged."""

import dataclasses
import json
import os
import warnings

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, evaluate, image_set, passport, scores, statistics


class Eyes:
    """Sees brightness and contrast."""

    name, resize, about, names = "eyes", "none", {}, {}

    def __init__(self, hash="0123", name="eyes", resize="none"):
        self.hash, self.name, self.resize = hash, name, resize

    def __call__(self, images):
        x = images.reshape(len(images), -1) / 50
        features = np.stack([x.mean(axis=1), x.std(axis=1)], 1).astype(np.float32)
        return {"features": features, "logits": np.concatenate([features, -features], 1)}


def pixels(n, seed):
    return np.random.RandomState(seed).randint(0, 100 + 50 * seed, (n, 4, 4, 1)).astype(np.uint8)


class Counted:
    """An ImageSet that counts how often it is read."""

    def __init__(self, images, name="real"):
        kept = image_set.of_arrays(name, images)
        self.times = 0

        def read(count, seed):
            self.times += 1
            return kept.read(count, seed)

        self.set = image_set.ImageSet(name, kept.shape, kept.count, read, {}, kept.hash)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "statistics"


FAKES = dataclasses.replace(image_set.of_arrays("fakes", pixels(60, 1)), hash=str)  # as of a generator


def record(real, extractor=None, asked="classifier_score:splits=2 frechet kernel", **arguments):
    return evaluate.evaluate_images(FAKES, real, None, extractor or Eyes(), asked, **arguments)


def numbers(made):
    """The scores, less the deviation that a kernel distance of one block has not."""
    return {name: value for name, value in made["scores"].items() if value is not None}


def test_real_images_are_read_once_and_the_scores_stay_the_same(cache):
    real = Counted(pixels(90, 2))
    first, second = record(real.set), record(real.set)
    assert real.times == 1 and len(list(cache.iterdir())) == 1
    assert numbers(first) == pytest.approx(numbers(second), rel=1e-9)
    want = scores.frechet_distance(Eyes()(pixels(60, 1))["features"], Eyes()(pixels(90, 2))["features"])
    assert second["scores"]["fd_eyes"] == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("change", ["data", "hash", "name", "resize", "count"])
def test_files_are_keyed_by_data_extractor_resize_and_count(cache, change):
    images = pixels(90, 2)
    record(Counted(images).set)
    if change == "data":
        images = images.copy()
        images[5, 0, 0, 0] += 1
    real = Counted(images)
    eyes = Eyes(**{change: "other"}) if change in ("hash", "name", "resize") else Eyes()
    record(real.set, eyes, real_limit=80 if change == "count" else 90)
    assert real.times == 1 and len(list(cache.iterdir())) == 2


def test_what_is_missing_in_a_file_is_added_to_it(cache):
    real = Counted(pixels(90, 2))
    record(real.set, asked="frechet")
    record(real.set, asked="classifier_score:splits=2")
    assert real.times == 2
    record(real.set, asked="frechet classifier_score:splits=2")
    assert real.times == 2 and len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "about", "infinite"])
def test_a_damaged_file_is_replaced_with_a_warning(cache, damage):
    real = Counted(pixels(90, 2))
    first = record(real.set)
    path, = cache.iterdir()
    with np.load(path) as stored:
        arrays = dict(stored)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        changed = {"other": {"about": json.dumps({**json.loads(str(arrays["about"])), "hash": "f"})},
                   "about": {"about": "no JSON"}, "infinite": {"mean": np.full(2, np.inf)}}[damage]
        np.savez(path, **(arrays | changed))
    with pytest.warns(UserWarning, match=r"the kept statistics '.*' are damaged .*; they are computed again") as caught:
        assert record(real.set)["scores"] == first["scores"]
    assert all("\n" not in str(warning.message) for warning in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record(real.set)
    assert real.times == 2


def test_a_folder_that_cannot_be_written_costs_a_warning_only(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot be kept in .*Not a directory.*set TFGAN_IMPROVED_CACHE to a folder"):
        assert record(Counted(pixels(90, 2)).set)["scores"]


def test_a_kept_file_can_be_shared_and_stands_for_the_images(cache):
    real = image_set.of_arrays("real", pixels(90, 2), about={"dataset": "real", "split": "test"})
    first = record(real)
    path, = cache.iterdir()
    assert statistics.is_statistics(path)
    shared = record(statistics.of_file(path, (4, 4, 1)))
    assert numbers(shared) == pytest.approx(numbers(first), rel=1e-9)
    for key in ("dataset", "reference", "real", "real_hash", "shape"):
        assert shared["passport"][key] == first["passport"][key]


@pytest.mark.parametrize("eyes", [Eyes(hash="4567"), Eyes(name="others"), Eyes(resize="cut")])
def test_statistics_of_another_extractor_are_refused(cache, eyes):
    record(image_set.of_arrays("real", pixels(90, 2)))
    path, = cache.iterdir()
    with pytest.raises(EvaluationError, match=r"were seen by another extractor \(eyes, 0123, none\) than asked for "
                                              r"\(.*\); use the same --extractor"):
        record(statistics.of_file(path, (4, 4, 1)), eyes)


def test_files_with_mu_and_sigma_are_read(tmp_path):
    features = Eyes()(pixels(90, 2))["features"].astype(np.float64)
    np.savez(tmp_path / "stats.npz", mu=features.mean(axis=0), sigma=np.cov(features, rowvar=False))
    assert statistics.is_statistics(tmp_path / "stats.npz")
    given = statistics.of_file(tmp_path / "stats.npz", (4, 4, 1))
    assert record(given, asked="frechet")["scores"]["fd_eyes"] == pytest.approx(
        scores.frechet_distance(Eyes()(pixels(60, 1))["features"], features), rel=1e-6)
    with pytest.raises(EvaluationError, match="hold no features; choose --scores that read moments only, such"):
        record(given, asked="frechet kernel")


def test_other_statistics_are_other_real_images_of_which_nobody_knows_how_many(tmp_path):
    cards = []
    for seed in (2, 2, 3):
        features = Eyes()(pixels(90, seed))["features"].astype(np.float64)
        path = tmp_path / f"stats{len(cards)}.npz"
        np.savez(path, mu=features.mean(axis=0), sigma=np.cov(features, rowvar=False))
        made = record(statistics.of_file(path, (4, 4, 1)), asked="frechet")
        cards.append(made["passport"])
    assert cards[0]["real"] is None and "against an unknown number of images of stats2.npz" in evaluate.sentence(made)
    assert passport.differences(cards[0], cards[1]) == []  # under another name
    assert "real_hash" in passport.differences(cards[0], cards[2])


def test_a_folder_that_moved_is_found_again_and_compares(cache):
    of = [image_set.of_arrays(f"folder:/{place}/real", pixels(90, 2), about={"dataset": f"folder:/{place}/real"})
          for place in "ab"]
    first, second = map(record, of)
    assert len(list(cache.iterdir())) == 1 and first["scores"] == second["scores"]
    assert passport.differences(first["passport"], second["passport"]) == []


@pytest.mark.parametrize("arrays, message", [
    ({"mu": np.zeros(3)}, "holds mu; statistics are mean"),
    ({"mu": np.zeros(3), "sigma": np.eye(2)}, r"a mean of shape \(3,\) and a covariance of shape \(2, 2\)"),
    ({"mu": np.array(["a", "b"]), "sigma": np.eye(2)}, "has a mean of <U1 and a covariance of float64; store floats"),
    ({"mu": np.zeros(2), "sigma": np.array([[1, 0.5], [0, 1]])}, "is none: it is not symmetric or has negative vari"),
    ({"mu": np.zeros(2), "sigma": np.diag([1.0, -1.0])}, "is none: it is not symmetric or has negative varia"),
    ({"mu": np.zeros(2), "sigma": np.full((2, 2), np.nan)}, "hold NaN or infinity"),
    ({"about": "{}", "mean": np.zeros(2), "covariance": np.eye(2)}, "does not say what it is of .KeyError: 'count'"),
    ({"about": '{"count": 0}', "mean": np.zeros(2), "covariance": np.eye(2)}, "ValueError: count 0"),
])
def test_files_of_another_kind_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "stats.npz", **arrays)
    with pytest.raises(EvaluationError, match=message):
        statistics.of_file(tmp_path / "stats.npz", (4, 4, 1))


@pytest.mark.parametrize("asked", ["frechet", "frechet_infinity"])
def test_statistics_of_another_width_are_refused(tmp_path, asked):
    np.savez(tmp_path / "stats.npz", mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(EvaluationError, match="the samples have 2 features and the real images' statistics 3; use"):
        record(statistics.of_file(tmp_path / "stats.npz", (4, 4, 1)), asked=asked)


def test_statistics_are_no_samples(tmp_path):
    np.savez(tmp_path / "stats.npz", mu=np.zeros(2), sigma=np.eye(2))
    given = statistics.of_file(tmp_path / "stats.npz", (4, 4, 1))
    with pytest.raises(EvaluationError, match="'stats.npz' holds statistics, .*; give images to score"):
        evaluate.evaluate_images(given, FAKES, None, Eyes(), "frechet")


def test_a_file_of_images_is_no_file_of_statistics(tmp_path):
    np.savez(tmp_path / "images.npz", images=pixels(3, 0))
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    assert not statistics.is_statistics(tmp_path / "images.npz")
    assert not statistics.is_statistics(tmp_path / "broken.npz")


def test_nothing_is_kept_of_what_a_generator_draws(cache):
    drawn = image_set.ImageSet("g", (4, 4, 1), None, lambda count, seed: iter([(pixels(count, 2), None)]))
    evaluate.evaluate_images(FAKES, drawn, None, Eyes(), "frechet", real_limit=50)
    assert not os.path.exists(cache)
