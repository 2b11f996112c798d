"""The view: networks run when asked, once for each version of their weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.training.view import View

REAL, Z = tf.ones((4, 3)), tf.reshape(tf.range(8, dtype=tf.float32), (4, 2))


class Spy(keras.layers.Layer):
    """Notes each call's rows and whether they are all real."""

    def __init__(self, seen):
        super().__init__()
        self.note = seen.append

    def call(self, x, training=False):
        if tf.executing_eagerly():  # not while the network is built
            assert training
            ones = np.asarray(x) == 1.0
            self.note((len(ones), "real" if ones.all() else "both" if ones[:4].all() else "fake"))
        return x


def spied(joint=(), labels=None, classes=0):
    """A view with networks that note their calls."""
    keras.utils.set_random_seed(0)
    calls = {"g": [], "d": []}
    z, image, label = keras.Input((2,)), keras.Input((3,)), keras.Input((), dtype="int32")
    vector = keras.layers.Embedding(5, 3)(label)
    g = keras.Model(z, keras.layers.Dense(3)(Spy(calls["g"])(z)))
    features = Spy(calls["d"])(image)
    logits = keras.layers.Dense(1)(features if not classes else keras.layers.Add()([features, vector]))
    d = keras.Model([image, label] if classes else image, {"logits": logits, "features": features})
    view = View({"g": g, "d": d}, REAL, Z, labels, joint=joint)
    view.player = "d"
    return view, calls


def test_nothing_runs_before_it_is_asked_for_and_nothing_twice():
    view, calls = spied()
    assert calls == {"g": [], "d": []}
    for _ in range(2):
        view.judged("real")
        view.judged("fake")
    assert calls == {"g": [(4, "fake")], "d": [(4, "real"), (4, "fake")]}


def test_what_depends_on_a_player_is_forgotten_when_it_moves():
    view, calls = spied()
    view.judged("real"), view.judged("fake")
    view.forget("d")
    view.judged("fake")
    assert len(calls["g"]) == 1 and len(calls["d"]) == 3  # D anew, G's images as they were
    view.forget("g")
    view.judged("real"), view.judged("fake")
    assert len(calls["g"]) == 2 and calls["d"][3:] == [(4, "real"), (4, "fake")]
    view.forget("someone else")
    view.judged("real"), view.judged("fake")
    assert len(calls["g"]) == 2 and len(calls["d"]) == 5


def test_joint_parts_share_one_pass_and_give_the_same_outputs():
    apart, _ = spied()
    together, calls = spied(joint=("real", "fake"))
    for part in ("real", "fake"):
        for key in ("logits", "features"):
            np.testing.assert_allclose(together.judged(part)[key], apart.judged(part)[key], rtol=1e-6)
    assert calls["d"] == [(8, "both")]


def test_a_joint_pass_repeats_the_labels():
    labels = tf.constant([0, 1, 2, 3])
    apart, _ = spied(labels=labels, classes=5)
    together, calls = spied(joint=("real", "fake"), labels=labels, classes=5)
    for part in ("real", "fake"):
        np.testing.assert_allclose(together.judged(part)["logits"], apart.judged(part)["logits"], rtol=1e-5)
    assert len(calls["d"]) == 1


def test_generated_images_carry_a_gradient_in_gs_turn_only():
    for joint in ((), ("real", "fake")):
        for player in ("d", "g", "m"):
            view, _ = spied(joint=joint)
            view.player = player
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(view.judged("fake")["logits"])
            slope = tape.gradient(total, view.networks["g"].trainable_variables[0].value)
            assert (slope is not None) == (player == "g")


@pytest.mark.parametrize("joint", [(), ("real", "fake")])
def test_a_pass_without_the_gradient_is_not_used_in_gs_turn(joint):
    view, calls = spied(joint=joint)
    variable = view.networks["g"].trainable_variables[0].value
    with tf.GradientTape() as tape:
        view.player = "m"  # neither D nor G: nothing is forgotten when it moves
        view.judged("fake")
        view.forget("m")
        view.player = "g"
        total = tf.reduce_sum(view.judged("fake")["logits"])
    assert tape.gradient(total, variable) is not None
    assert len(calls["g"]) == 1


def test_a_conditional_network_without_labels_is_told():
    view, _ = spied(classes=5)
    with pytest.raises(ValueError, match="the network of player 'd' is conditional; give the data as"):
        view.judged("real")


def test_once_keeps_results_of_other_players():
    view, _ = spied()
    made = []
    for _ in range(2):
        view.once("statistics", {"m"}, lambda: made.append(1) or len(made))
    view.forget("d")
    assert view.once("statistics", {"m"}, lambda: 99) == 1
    view.forget("m")
    assert view.once("statistics", {"m"}, lambda: 99) == 99


def labeled(joint=(), classes=0):
    """A view with two labeled images beside four others; images are numbers that say which they are."""
    view, calls = spied(joint=joint, classes=classes)
    view.labels = tf.constant([0, 1, 2, 3])
    view.labeled = (tf.constant([[7.0] * 3, [8.0] * 3]), tf.constant([4, 0]))
    return view, calls


def test_labeled_images_are_a_part_of_their_own():
    view, calls = labeled()
    np.testing.assert_array_equal(view.judged("labeled")["features"][:, 0], [7, 8])
    np.testing.assert_array_equal(view.labels_of("labeled"), [4, 0])
    np.testing.assert_array_equal(view.labels_of("real"), [0, 1, 2, 3])
    view.judged("labeled")
    assert calls["d"] == [(2, "fake")] and not calls["g"]  # judged once, without any generated image
    view.forget("g")
    view.judged("labeled")
    assert len(calls["d"]) == 1
    view.forget("d")
    view.judged("labeled")
    assert len(calls["d"]) == 2


@pytest.mark.parametrize("classes", [0, 5])
def test_parts_of_different_sizes_share_one_pass(classes):
    apart, _ = labeled(classes=classes)
    together, calls = labeled(joint=("labeled", "real", "fake"), classes=classes)
    for part, rows in (("labeled", 2), ("real", 4), ("fake", 4)):
        for key in ("logits", "features"):
            assert len(together.judged(part)[key]) == rows
            np.testing.assert_allclose(together.judged(part)[key], apart.judged(part)[key], rtol=1e-5)
    assert [rows for rows, _ in calls["d"]] == [10]


def test_each_player_has_its_own_joint_parts():
    view, calls = labeled(joint={"d": ("labeled", "real", "fake"), "g": ("real", "fake")})
    view.judged("real"), view.judged("fake"), view.judged("labeled")
    view.forget("d")
    view.player = "g"
    view.judged("real"), view.judged("fake")
    assert [rows for rows, _ in calls["d"]] == [10, 8]
    view.player = "m"  # which has none
    view.judged("real"), view.judged("fake")
    assert [rows for rows, _ in calls["d"]] == [10, 8, 4, 4]


def test_rows_may_be_counted_only_when_it_runs():
    want, _ = labeled(joint=("labeled", "real", "fake"))
    view, _ = labeled(joint=("labeled", "real", "fake"))

    @tf.function(input_signature=[tf.TensorSpec((None, 3)), tf.TensorSpec((None, 2)), tf.TensorSpec((None, 3))])
    def judged(real, z, few):
        view.real, view.z, view.labeled = real, z, (few, tf.zeros_like(few[:, 0], tf.int32))
        return [view.judged(part)["logits"] for part in ("labeled", "real", "fake")]

    for got, part in zip(judged(REAL, Z, want.labeled[0]), ("labeled", "real", "fake")):
        np.testing.assert_allclose(got, want.judged(part)["logits"], rtol=1e-5)


def test_a_turn_without_labeled_images_is_told():
    view, _ = spied()
    for ask in (view.judged, view.images, view.labels_of):
        with pytest.raises(ValueError, match="there are no labeled images beside the others in this turn; give data"):
            ask("labeled")
