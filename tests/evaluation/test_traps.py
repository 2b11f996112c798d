"""Known traps of scoring: each score gives the right number or one clear sentence."""

import numpy as np
import pytest

from tfgan_improved.errors import UserError
from tfgan_improved.evaluation import SCORES, evaluate, image_set, scores
from tfgan_improved.ops.pixels import to_uint8

ALL = ("classifier_score:splits=2 frechet frechet_infinity kernel precision_recall density_coverage modes ms_ssim "
       "sliced_wasserstein:patches=4,directions=8 label_accuracy memorization tfgan:splits=2")
K = 4


class Patches:
    """Sees means of quarters; its classes are of brightness."""

    name, hash, resize, about, names = "eye", "0", "none", {}, {}

    def __call__(self, images):
        assert images.dtype == np.uint8
        quarters = images.reshape(len(images), 4, -1).mean(axis=2)
        logits = -np.abs(quarters.mean(axis=1)[:, None] - np.array([50, 100, 150, 200])) / 5
        return {"features": (quarters / 255).astype("f4"), "logits": logits.astype("f4")}


def blobs(n, seed, channels=1):
    """Images of four classes of brightness, sorted by class as folders are, and their labels."""
    random, labels = np.random.RandomState(seed), np.sort(np.arange(n) % K)
    images = 50 + 50 * labels[:, None, None, None] + random.randint(-15, 16, (n, 12, 12, channels))
    shades = random.randint(-8, 9, (n, 4, 1))
    return (images.reshape(n, 4, -1) + shades).reshape(images.shape).astype(np.uint8), labels.astype(np.int32)


def record(images, labels=None, names=ALL, count=10_000):
    sets = {name: image_set.of_arrays(name, *blobs(400, seed), about={"dataset": "blobs", "split": name})
            for seed, name in ((1, "train"), (2, "test"))}
    got = evaluate.evaluate_images(image_set.of_arrays("fakes", images, labels), sets["test"], sets["train"],
                                   Patches(), names, count=count, training=sets["train"])
    for part in ("scores", "real"):  # one block of a kernel distance has no deviation
        assert got[part].pop("kd_eye_std", None) is None
    return got


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))


def test_every_score_of_the_table_takes_part():
    assert {text.split(":")[0] for text in ALL.split()} == set(SCORES)


def test_sorted_samples_of_the_data_score_as_real_ones_do():
    got = record(*blobs(400, 3))
    assert np.isfinite(list(got["scores"].values())).all()
    for name in ("classifier_score_eye", "label_accuracy_eye", "ms_ssim_eye", "density_eye", "coverage_eye",
                 "precision_eye", "recall_eye"):
        np.testing.assert_allclose(got["scores"][name], got["real"][name], rtol=0.1)
    assert got["scores"]["label_accuracy_eye"] == 1.0 and got["scores"]["modes_eye"] == 4
    assert got["scores"]["classifier_score_eye"] > 3.5  # consecutive halves of sorted images would have half of it
    assert got["scores"]["memorized_eye"] < 0.06 and abs(got["scores"]["kd_eye"]) < 0.01
    again = record(*blobs(400, 3))
    assert (again["scores"], again["intervals"], again["bias"]) == (got["scores"], got["intervals"], got["bias"])


@pytest.mark.filterwarnings("error")
def test_constant_images_are_far_from_everything_and_every_number_is_finite():
    got = record(np.full((400, 12, 12, 1), 100, np.uint8), np.ones(400, np.int32))["scores"]
    assert np.isfinite(list(got.values())).all()
    assert got["classifier_score_eye"] == pytest.approx(1.0) and got["modes_eye"] == 1
    assert got["mode_kl_eye"] == pytest.approx(np.log(4)) and got["ms_ssim_eye"] == pytest.approx(1.0)
    assert got["recall_eye"] == 0.0 and got["label_accuracy_eye"] == 1.0 and got["fd_eye"] > 0.1


@pytest.mark.filterwarnings("error")
def test_constant_real_images_and_equal_samples_are_at_no_distance():
    x = np.full((200, 5), 0.3, "f4")
    assert scores.frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert scores.kernel_distance(x, x)[0] == pytest.approx(0, abs=1e-9)
    assert scores.precision_recall(x, x) == (1.0, 1.0) and scores.precision_recall(x + 1, x) == (0.0, 0.0)
    assert scores.density_coverage(x, x) == (200 / 5, 1.0)
    images = np.full((20, 12, 12, 1), 7, np.uint8)
    assert scores.sliced_wasserstein_distance(images, images, 4, 8) == {12: 0.0}
    assert scores.sliced_wasserstein_distance(images, images, 4, 8, "patch") == {12: 0.0}


def test_one_class_has_one_mode_and_no_variety():
    images, labels = blobs(1600, 4)
    got = record(images[:400], labels[:400])["scores"]
    assert got["modes_eye"] == 1 and got["classifier_score_eye"] < 1.05 and got["mode_kl_eye"] > 1.3
    assert got["recall_eye"] < 0.35 and got["coverage_eye"] < 0.35 and got["precision_eye"] > 0.8
    assert got["memorized_eye"] < 0.1  # it is no copying


def test_fewer_samples_than_features_leave_every_number_finite():
    random = np.random.RandomState(5)
    a, b = random.randn(30, 200).astype("f4"), random.randn(40, 200).astype("f4")
    assert 0 < scores.frechet_distance(a, b) < 1000
    for value in (*scores.precision_recall(a, b), *scores.density_coverage(a, b), scores.kernel_distance(a, b)[0]):
        assert np.isfinite(value)


@pytest.mark.parametrize("n, names, message", [
    (5, "classifier_score", "splits must be from 1 to the number of samples, 5; received 10"),
    (3, "precision_recall", "k from 1 to 2.*received k=3; give more samples"),
    (5, "density_coverage", "k from 1 to 4.*received k=5"),
    (3, "frechet_infinity", "at least 4 groups of samples; received 3 of 3"),
    (4, "ms_ssim", "4 images of as many classes have no pairs"),
    (1, "frechet", "give at least 2"),
    (12, "memorization:quantile=0.001", "needs at least 1000 held-out images; received 400"),
])
def test_too_few_samples_are_one_sentence(n, names, message):
    with pytest.raises(UserError, match=message) as caught:
        record(*blobs(n, 6), names)
    assert "\n" not in str(caught.value)


def test_labels_that_nobody_gave_or_knows_are_one_sentence():
    with pytest.raises(UserError, match="fakes has no labels.*choose other --scores"):
        record(blobs(40, 7)[0], names="label_accuracy")
    with pytest.raises(UserError, match="labels must be from 0 to 3; received 4 to 7"):
        record(blobs(40, 7)[0], blobs(40, 7)[1] + 4, "label_accuracy")


def test_pixels_are_rounded_to_the_nearest_and_floats_are_refused():
    """Truncation darkens by half a level, which distances between features of pixels see."""
    images = blobs(400, 8)[0]
    inside = images / np.float32(127.5) - 1
    np.testing.assert_array_equal(to_uint8(inside), images)
    np.testing.assert_array_equal(to_uint8(np.array([-1.01, -0.9999, 0.9999, 1.2], "f4")), [0, 0, 255, 255])
    for bad in (inside, images.astype("f4"), images.astype(np.int64)):
        with pytest.raises(UserError, match="images must be uint8"):
            record(bad)


def test_another_batch_size_changes_nothing(tmp_path, monkeypatch):
    names = ALL.replace(" label_accuracy", "")
    whole = record(blobs(400, 9)[0], names=names)
    monkeypatch.setattr(image_set, "CHUNK", 37)
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path / "other"))
    parts = record(blobs(400, 9)[0], names=names)
    for part in ("scores", "real"):
        assert whole[part].keys() == parts[part].keys()
        for name, value in whole[part].items():
            assert value == pytest.approx(parts[part][name], rel=1e-5, abs=1e-7)
