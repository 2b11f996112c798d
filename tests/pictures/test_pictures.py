"""The pictures of a generator whose image says its z and its class."""

import numpy as np
import pytest

from tfgan_improved.errors import UserError
from tfgan_improved.evaluation import image_set
from tfgan_improved.evaluation.models import Generator
from tfgan_improved.ops import LATENTS, noise
from tfgan_improved.pictures import PICTURES, Sitting, lerp, slerp, table, truncation

MAKER = LATENTS.make("normal:2")


def make(z, labels=None, shares=0.0):
    """2 x 2 images: above z on the scale of bytes, below the class times 20, plus 20 a whole step to another."""
    labels = np.zeros(len(z)) if labels is None else np.asarray(labels)
    above = np.clip(np.rint(np.asarray(z) * 20 + 128), 0, 255)
    below = np.stack([labels * 20 + shares] * 2, axis=1)
    return np.stack([above, below], axis=1)[..., None].astype(np.uint8)


def draw_z(count, seed, truncation=0.0):
    return MAKER.draw_truncated(noise.root(seed), count, np.float32(truncation)).numpy()


def between(z, labels, others, shares):
    return make(z, labels, (np.asarray(others) - labels) * 20 * shares)


def generator(classes=5, prepared=None, names=()):
    def draw(count, seed, truncation=0.0):
        labels = np.random.RandomState(seed).randint(0, classes, count) if classes else None
        return make(draw_z(count, seed, truncation), labels), labels

    return Generator("toy", (2, 2, 1), draw_z, make, draw, between if classes else None, classes,
                     prepared.append if prepared is not None else bool, class_names=names)


def drawn(picture, kinds=5, **asked):
    return PICTURES.make(picture)(Sitting(generator(kinds), **asked))


def z_of(images):
    return (images[:, 0, :, 0].astype(float) - 128) / 20


def class_of(images):
    return images[:, 1, 0, 0] / 20


def test_lerp_and_slerp_against_their_formulas():
    start, end = np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 3.0], [-1.0, 0.0], [0.0, 5.0]])
    np.testing.assert_allclose(lerp(start, end, [0, 0.5, 1])[0], [[3, 0], [1.5, 1.5], [0, 3]])
    walked = slerp(start, end, [0.0, 1 / 3, 0.5, 1.0])
    np.testing.assert_allclose(walked[0], 3 * np.array([[1, 0], [np.sqrt(3) / 2, 0.5], [np.sqrt(0.5)] * 2, [0, 1]]),
                               atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(walked[0], axis=1), 3)
    np.testing.assert_allclose(walked[1][:, 0], [1, 1 / 3, 0, -1], atol=1e-12)  # half a turn has no great circle
    np.testing.assert_allclose(walked[2][:, 1], [2, 3, 3.5, 5])
    z = np.random.default_rng(0).normal(size=(2, 50, 200))
    middle = {way: np.linalg.norm(way(*z, [0.5])[:, 0], axis=1).mean() for way in (lerp, slerp)}
    np.testing.assert_allclose([middle[lerp], middle[slerp]], [np.sqrt(100), np.sqrt(200)], rtol=0.02)


@pytest.mark.parametrize("way", [lerp, slerp])
def test_walks_take_lists_a_single_z_and_a_single_share(way):
    start, end, shares = [[3.0, 0.0], [1.0, 2.0]], [[0.0, 3.0], [4.0, 1.0]], [0.0, 0.25, 1.0]
    whole = way(np.array(start), np.array(end), np.array(shares))
    assert whole.shape == (2, 3, 2)
    np.testing.assert_array_equal(way(start, end, shares), whole)
    np.testing.assert_array_equal(way(start, end, 0.25), whole[:, 1])
    np.testing.assert_array_equal(way(start[1], end[1], shares), whole[1])
    np.testing.assert_array_equal(way(start[1], end[1], 0.25), whole[1, 1])


@pytest.mark.parametrize("way", [lerp, slerp])
@pytest.mark.parametrize("start, end, shares", [
    ((3, 2), (2, 2), (4,)), ((3, 2), (3, 4), (4,)), ((2,), (3, 2), (4,)), ((), (), (4,)), ((0, 2), (0, 2), (4,)),
    ((3, 2), (3, 2), (4, 1)), ((3, 2, 2), (3, 2, 2), (4,))])
def test_walks_between_other_shapes_are_told(way, start, end, shares):
    with pytest.raises(ValueError, match="a walk goes from .*; received shapes .*; give others") as caught:
        way(np.ones(start), np.ones(end), np.ones(shares))
    assert f"{start}, {end} and {shares}" in str(caught.value)


@pytest.mark.parametrize("way", [lerp, slerp])
def test_walks_through_what_is_no_number_are_told(way):
    for start, shares in (([np.nan, 0.0], [0.5]), ([1.0, 0.0], [np.inf])):
        with pytest.raises(ValueError, match="by finite shares; received NaN or infinity"):
            way(np.array(start), np.array([0.0, 1.0]), shares)


def test_a_grid_is_what_the_generator_draws_or_of_chosen_classes_in_turn():
    made = drawn("grid", count=7, seed=3)
    np.testing.assert_array_equal(made.images, generator().draw(7, 3)[0])
    chosen = drawn("grid", count=5, seed=3, classes=(4, 1))
    np.testing.assert_array_equal(chosen.labels, [4, 1, 4, 1, 4])
    np.testing.assert_array_equal(class_of(chosen.images), chosen.labels)
    np.testing.assert_allclose(z_of(chosen.images), draw_z(5, 3), atol=0.03)


def test_classes_have_a_row_each_of_the_same_z():
    made = drawn("classes", count=12, seed=1, classes=(3, 0, 2))
    assert made.columns == 4 and len(made.images) == 12
    np.testing.assert_array_equal(class_of(made.images).reshape(3, 4), np.array([3, 0, 2])[:, None] * np.ones(4))
    assert (z_of(made.images).reshape(3, 4, 2) == z_of(made.images[:4])[None]).all()
    assert drawn("classes", count=10).columns == 2  # all five of them
    assert made.rows == ("class 3", "class 0", "class 2") and not made.heads


def test_walks_between_z_keep_their_class_and_end_at_samples():
    made = drawn("interpolation:way=lerp,steps=5", count=17, seed=2)
    assert made.columns == 5 and len(made.images) == 15
    z, classes = z_of(made.images).reshape(3, 5, 2), class_of(made.images).reshape(3, 5)
    ends = draw_z(6, 2)
    np.testing.assert_allclose(z[:, 0], ends[:3], atol=0.03)
    np.testing.assert_allclose(z[:, -1], ends[3:], atol=0.03)
    np.testing.assert_allclose(z[:, 2], (ends[:3] + ends[3:]) / 2, atol=0.03)
    np.testing.assert_array_equal(classes, np.arange(3)[:, None] * np.ones(5))
    assert made.rows == ("class 0", "class 1", "class 2")
    plain = drawn("interpolation:steps=5", kinds=0, count=15)
    assert plain.labels is None and not plain.rows


@pytest.mark.parametrize("walk", ["classes", "both"])
def test_walks_between_classes_go_through_the_chosen_ones_in_turn(walk):
    made = drawn(f"interpolation:between={walk},steps=3", count=6, classes=(0, 4))
    np.testing.assert_array_equal(class_of(made.images).reshape(2, 3), [[0, 2, 4], [4, 2, 0]])
    still = (z_of(made.images).reshape(2, 3, 2).std(axis=1) == 0).all()
    assert still == (walk == "classes") and made.rows == ("class 0 to 4", "class 4 to 0")


def test_rows_are_called_by_the_names_of_their_classes():
    toy = generator(names=("ant", "bee", "7", "cat"))  # one has none
    assert PICTURES.make("classes")(Sitting(toy, 10)).rows == ("ant", "bee", "class 7", "cat", "class 4")
    walk = PICTURES.make("interpolation:between=classes,steps=2")(Sitting(toy, 6, classes=(1, 2)))
    assert walk.rows == ("bee to 7", "class 7 to bee", "bee to 7")


def test_classes_are_chosen_by_name_or_number():
    toy = generator(names=("ant", "bee", "cat", "7", "dog"))
    assert toy.numbers_of(("dog", 1, "ant")) == (4, 1, 0) and toy.numbers_of(()) == ()
    for chosen, names, message in (
            (("cow",), toy.class_names, "toy has no class 'cow', only ant, bee, cat, 7, dog; choose others"),
            (("cow",), (), "only 0 to 4, without names;"),
            (("cow",), tuple(map(str, range(100, 130))), f"{', '.join(map(str, range(100, 120)))}, ...;")):
        with pytest.raises(UserError, match=message):
            generator(names=names).numbers_of(chosen)
    with pytest.raises(UserError, match="toy is unconditional and has no classes to choose from; received cow"):
        generator(classes=0).numbers_of(("cow",))


def test_truncations_draw_the_same_z_nearer_and_prepare_the_generator():
    prepared = []
    sitting = Sitting(generator(prepared=prepared), 30, bounds=(0.5, 2.0, 0.0), score=None)
    made = PICTURES.make("truncation")(sitting)
    z = z_of(made.images).reshape(3, 10, 2)
    assert made.columns == 10 and prepared == [0.5, 2.0, 0.0] and not made.record
    assert made.rows == ("z within 0.5", "z within 2", "z unbounded")
    assert np.abs(z[0]).max() <= 0.53 and np.abs(z[1]).max() <= 2.03
    assert (np.abs(z[0]) <= np.abs(z[2]) + 0.06).all() and (np.sign(z[0]) * np.sign(z[2]) >= 0).all()
    np.testing.assert_array_equal(class_of(made.images).reshape(3, 10), [np.arange(10) % 5] * 3)


def record(bound, score):
    return {"scores": {"sharpness": score, "sharpness_std": 0.1, "fd": 2 * score}, "real": {"sharpness": 9.5},
            "intervals": {"fd": [score, 3 * score]}, "passport": {"truncation": bound}}


def test_scores_of_truncations_are_a_table_and_a_figure():
    scores = {0.0: 3.0, 1.0: 5.25}
    sitting = Sitting(generator(), 4, bounds=(1.0, 0.0), score=lambda bound: record(bound, scores[bound]))
    found = PICTURES.make("truncation:scored=true")(sitting).record["scored"]
    assert table(found).splitlines() == ["| bound on z | sharpness | fd |", "| --- | --- | --- |",
                                         "| 1.0 | 5.25 | 10.5 |", "| none | 3 | 6 |", "| real images | 9.5 | - |"]
    assert truncation.figure(found).startswith(b"\x89PNG")


class Corner:
    """Sees the first pixel alone."""

    def __call__(self, images):
        return {"features": images.reshape(len(images), -1)[:, :1].astype(np.float32)}


def test_nearest_training_images_stand_beside_their_samples():
    samples = generator().draw(2, 0)[0]
    random = np.random.default_rng(0).integers(0, 40, (20, 2, 2, 1)).astype(np.uint8)
    copy, alike = samples[0], samples[1].copy()
    alike[0, 1], alike[1] = 255 - alike[0, 1], 200  # the same in its first pixel alone
    training = image_set.of_arrays("seen", np.concatenate([random, copy[None], alike[None]]))
    made = PICTURES.make("nearest:k=2")(Sitting(
        generator(), 10, training=lambda: training, extractor=Corner))
    rows = made.images.reshape(2, 5, 2, 2, 1)
    assert made.columns == 5 and made.record["searched"] == 22
    assert made.heads == (("sample", 1), ("nearest in pixels", 2), ("nearest in features", 2))
    np.testing.assert_array_equal(rows[:, 0], samples)
    np.testing.assert_array_equal(rows[0, 1], copy)  # in pixels
    np.testing.assert_array_equal(rows[1, 3], alike)  # in features
    distances = made.record["distances"]
    assert distances["pixels"][0][0] == 0 and distances["features"][1][0] == 0
    np.testing.assert_allclose(distances["pixels"][0][1], np.sqrt(np.square(
        samples[0].astype(float) - rows[0, 2]).mean()))
    alone = PICTURES.make("nearest:k=3,features=false")(Sitting(generator(), 4, training=lambda: training))
    assert alone.columns == 4 and set(alone.record["distances"]) == {"pixels"}


@pytest.mark.parametrize("picture, kinds, asked, told", [
    ("grid", 5, {"classes": (2, 5)}, "toy has the classes 0 to 4; received 5; choose others"),
    ("grid", 0, {"classes": (2,)}, "toy is unconditional and has no classes to choose from; received 2"),
    ("truncation", 5, {"classes": (7,)}, "received 7"), ("classes", 5, {"classes": (9,)}, "received 9"),
    ("classes", 0, {}, "unconditional, so that there are no classes to compare"),
    ("interpolation:between=classes", 0, {}, "no two classes to walk between"),
    ("interpolation:between=both", 5, {"classes": (3,)}, "no two classes to walk between"),
    ("interpolation:steps=1", 5, {}, "steps of at least 2; received slerp, z and 1"),
    ("interpolation:way=round", 5, {}, "a way of lerp, slerp"), ("nearest:k=0", 5, {}, "k of at least 1; received 0"),
    ("truncation", 5, {"bounds": (-1.0,)}, "bounds on z must be 0, for none, or above; received -1.0"),
    ("nearest", 5, {"training": lambda: image_set.of_arrays("other", np.zeros((3, 4, 4, 1), np.uint8))},
     r"toy makes images of shape \(2, 2, 1\), and those of 'other' have \(4, 4, 1\); name what"),
])
def test_what_cannot_be_drawn_is_one_sentence(picture, kinds, asked, told):
    with pytest.raises(UserError, match=told) as caught:
        drawn(picture, kinds, **asked)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("picture", [name for name in PICTURES if name != "grid"])
def test_points_have_a_grid_only(picture):
    points = Generator("ring", (2,), draw_z, lambda z, labels=None: z, lambda *asked: (draw_z(*asked), None))
    assert PICTURES.make("grid")(Sitting(points, 5)).images.shape == (5, 2)
    with pytest.raises(UserError, match=f"points of shape .2,., of which there is no picture '{picture}'"):
        PICTURES.make(picture)(Sitting(points, 5))
