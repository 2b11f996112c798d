"""Players: a third one, groups of terms, deals of one's own, and what is refused."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.terms import R1, HistoricalAveraging, Information
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import Player, add_groups, two_players


@dataclasses.dataclass(frozen=True)
class Guess:
    """A third player's term: its network guesses the mean of D's features of generated examples."""

    name: str = "guess"
    group: str = "information"

    def __call__(self, view):
        features = view.judged("fake")["features"]
        return tf.reduce_mean(tf.square(view.networks["m"](features, training=True) - 1.0))


@pytest.mark.parametrize("order", ["dmg", "mdg", "dgm"])
def test_a_third_player_with_a_network_of_its_own(tiny, batch, weights, order):
    ours, plain = tiny(), tiny()
    features = keras.Input((8,))
    network = keras.Model(features, keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)(features))
    players = {**ours.players, "m": Player(network, (Guess(),))}
    gan = GAN({name: players[name] for name in order}, "normal:4")
    gan.compile(**{f"{name}_optimizer": keras.optimizers.SGD(0.1) for name in order})
    logs = gan.train_step(batch((2,)))
    plain.train_step(batch((2,)))
    assert float(logs["m/guess"]) == 1.0  # zeros guess 0
    assert np.abs(network.get_weights()[0]).max() > 1e-3
    for name in "dg":  # the other two play as if it was not there
        for mine, theirs in zip(gan.networks[name].weights, plain.networks[name].weights):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)


def test_groups_are_merged_by_the_players_function(tiny, batch):
    @dataclasses.dataclass(frozen=True)
    class Pull:
        name: str
        group: str
        factor: float

        def __call__(self, view):
            return self.factor * tf.add_n([tf.reduce_sum(w.value) for w in view.networks["g"].trainable_variables])

    def merge(groups):
        assert set(groups) == {"main", "extra"}
        return [main + 100.0 * extra for main, extra in zip(groups["main"], groups["extra"])]

    base = tiny(rate=1.0)
    terms = (Pull("a", "main", 1.0), Pull("b", "extra", 0.01), Pull("c", "main", 3.0))
    gan = GAN({"d": base.players["d"], "g": Player(base.networks["g"], terms, merge=merge)}, "normal:4")
    gan.compile(d_optimizer=keras.optimizers.SGD(1.0), g_optimizer=keras.optimizers.SGD(1.0))
    start = [np.asarray(w) for w in gan.networks["g"].trainable_variables]
    gan.train_step(batch((2,)))
    for before, after in zip(start, gan.networks["g"].trainable_variables):
        np.testing.assert_allclose(after, before - 5.0, rtol=1e-5, atol=1e-5)


def test_a_term_may_join_its_gradients_to_those_of_the_others(tiny):
    @dataclasses.dataclass(frozen=True)
    class Capped:
        name: str = "capped"
        group: str = "extra"

        def join(self, main, mine):
            return [total + tf.minimum(more, 1.0) for total, more in zip(main, mine)]

    networks = tiny().networks
    players = two_players(networks["g"], networks["d"], g_terms=[Capped()], d_terms=[R1()],
                          others={"m": Player(networks["d"], (R1(),))})
    assert list(players) == ["d", "m", "g"] and players["d"].merge is add_groups
    groups = {"main": [tf.constant(2.0)], "more": [tf.constant(3.0)], "extra": [tf.constant(50.0)]}
    assert float(players["g"].merge(groups)[0]) == 6.0  # the join sees the sum of all others
    assert float(players["d"].merge(groups)[0]) == 55.0


def test_a_deal_may_accumulate_gradients_over_views(tiny, batch, weights):
    def deal(gan, data):
        views = [gan.view((part,), index) for index, part in enumerate(tf.split(data[0], 2))]
        return [("d", views), ("g", views)]

    whole, parts = tiny(), tiny(step={"deal": deal})
    data = batch((2,))
    assert set(parts.train_step(data)) == {"d/loss", "g/loss"}
    again = tiny(step={"deal": lambda gan, data: [("d", [gan.view(data, 0)] * 2), ("g", [gan.view(data, 0)] * 2)]})
    whole.train_step(data), again.train_step(data)  # the mean of twice the same is the same
    np.testing.assert_allclose(weights(again), weights(whole), rtol=1e-5, atol=1e-6)


def test_a_turn_of_several_views_is_remembered_once(tiny, batch):
    def deal(gan, data):
        views = [gan.view((part,), index) for index, part in enumerate(tf.split(data[0], 2))]
        return [("d", views), ("g", views)]

    gan = tiny(step={"deal": deal}, players={"d_terms": [HistoricalAveraging()]})
    for step in range(3):
        gan.train_step(batch((2,), seed=step))
    assert int(gan.memory["d"][1]["turns"].numpy()) == 3


def test_compile_wants_an_optimizer_for_each_player(tiny):
    gan = tiny()
    with pytest.raises(ValueError, match="compile needs one optimizer for each player; missing: d_optimizer"):
        gan.compile(g_optimizer="adam")
    with pytest.raises(ValueError, match="missing: d_optimizer, g_optimizer"):
        gan.compile()
    gan.compile(d_optimizer="adam", g_optimizer="sgd")
    assert gan.optimizers["d"].built and isinstance(gan.optimizers["g"], keras.optimizers.SGD)


def test_a_batch_that_cannot_be_dealt_is_told(tiny, batch):
    with pytest.raises(ValueError, match="a batch of 8 cannot be dealt into 3 equal parts"):
        tiny(players={"d_steps": 3}).train_step(batch((2,)))


@pytest.mark.parametrize("settings", [{"steps": 0}, {"steps": 1.5}, {"terms": ()}])
def test_a_player_needs_a_term_and_a_turn(tiny, settings):
    network = tiny().networks["g"]
    with pytest.raises(ValueError, match="at least one term and one step, a whole number of them; received "):
        Player(network, **{"terms": (R1(),), **settings})


def test_averages_of_who_does_not_play_are_told(tiny):
    with pytest.raises(ValueError, match="ema names a player 'x', .*; received the players d, g; name one of these"):
        tiny(step={"ema": {"g": 0.9, "x": 0.9}})
    assert set(tiny(step={"ema": {"g": 0.9, "x": 0.0}}).averages) == {"g"}


def test_a_term_that_brings_a_player_wants_it_to_play(tiny):
    with pytest.raises(ValueError, match="the term information of player 'g' needs a player 't' with a network of its "
                                         "own; received the players d, g; add one with the terms in its `brings`"):
        tiny(players={"g_terms": [Information()]})


@pytest.mark.parametrize("run", ["train_step", "fit"])
def test_a_term_that_asks_for_a_network_that_is_not_there_is_told(tiny, batch, run):
    gan = tiny(players={"d_terms": [Guess(group="main")]})
    data = batch((2,)) if run == "train_step" else tf.data.Dataset.from_tensors(batch((2,)))
    with pytest.raises(ValueError, match="asks for the network of player 'm'; received the players d, g; add that"):
        getattr(gan, run)(data)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_what_a_term_tells_besides_is_logged_beside_its_value(tiny, batch, accumulate):
    @dataclasses.dataclass(frozen=True)
    class Constant:
        value: float
        name: str = "constant"

        readings = {"double": lambda value: 2 * value}

        def __call__(self, view):
            return tf.constant(self.value)

    gan = tiny(players={"d_terms": [Constant(3.0), R1(), Constant(5.0)]}, step={"accumulate": accumulate})
    alone = tiny(players={"g_terms": [Constant(7.0)]})
    logs = gan.train_step(batch((2,)))
    assert list(logs) == gan.log_names == ["d/loss", "d/constant_1", "d/double_1", "d/r1", "d/constant_3",
                                           "d/double_3", "g/loss"]
    assert [float(logs[f"d/{name}"]) for name in ("constant_1", "double_1", "constant_3", "double_3")] == [3, 6, 5, 10]
    assert alone.log_names == ["d/loss", "g/loss", "g/constant", "g/double"]
