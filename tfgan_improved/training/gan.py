"""The GAN model and its training step, which names no technique."""

import keras
import tensorflow as tf

from tfgan_improved import checks
from tfgan_improved.ops import LATENTS, first_batch, noise, replicas
from tfgan_improved.ops.class_labels import checked_labels, class_count
from tfgan_improved.ops.pixels import to_float
from tfgan_improved.training.average import average_of, update_average
from tfgan_improved.training.deals import Shared
from tfgan_improved.training.view import PARTS, View, check_cut

# Every replica keeps its own copy and computes the same numbers for it: nothing has to be exchanged.
LOCAL = {"trainable": False, "synchronization": tf.VariableSynchronization.ON_READ,
         "aggregation": tf.VariableAggregation.ONLY_FIRST_REPLICA}


class GAN(keras.Model):
    """Players in turn, each minimizing the sum of its own terms.

    `players` maps names to `Player`s in the order of their turns; "g" and "d" are the generator and the
    discriminator. `latent` is a distribution of z or its spec ("normal:100"). `ema` is the decay of an average of G's
    weights, 0 for none, or {player: decay}; until step `ema_start` it is a copy. `deal(gan, data)` cuts a step's batch
    into turns (`deals.py`). `joint` are the parts of a view that share one pass through D, or {player: parts} for the
    turns of each. `accumulate` n: a turn's rows pass in n equal parts, one after the other, and their mean gradient is
    applied once, which is the update of all rows at once but for what is of a pass: batch statistics, noise, the steps
    of spectral norm, the means of MINE. Data are images, (images, labels) or (images, labels, labeled images, their
    labels): images uint8, or float32 in [-1, 1] (points: any range), the first dimension a multiple of the deal's
    number of parts. Everything random is a function of `seed`, the step and the replica. Works with `fit` on one
    device.
    ValueError for a decay outside of [0, 1) or of a player that is not there, an `ema_start` or `seed` that is no whole
    number of at least 0, an `accumulate` that is none of at least 1, parts in `joint` that no view has, a `latent` of
    another size than G's z, a `latent` or `deal` of another kind, and a term that `brings` a player who is not among
    `players`.
    """

    def __init__(self, players, latent="normal:100", *, ema=0.0, ema_start=0, deal=None, joint=(), accumulate=1,
                 seed=0):
        super().__init__(name="gan")
        decays = ema if isinstance(ema, dict) else {"g": ema}
        if not (checks.whole(ema_start) and checks.whole(accumulate, 1) and checks.whole(seed)
                and all(checks.real(decay, 0) and decay < 1 for decay in decays.values())):
            raise ValueError("a GAN wants decays of averages from 0 to below 1 and whole numbers, ema_start and seed "
                             f"of at least 0 and accumulate of at least 1; received ema={ema!r}, "
                             f"ema_start={ema_start!r}, seed={seed!r}, accumulate={accumulate!r}")
        _check_players(players, decays)
        _check_kinds(joint, latent, deal)
        self.players, self.deal, self.joint, self.seed = players, deal or Shared(), joint, seed
        self.latent = LATENTS.make(latent) if isinstance(latent, str) else latent
        self.networks = {name: player.network for name, player in players.items()}
        _check_size(self.networks.get("g"), self.latent)
        self.optimizers, self.accumulate, self.ema_start = {}, accumulate, ema_start
        self.ema = {name: decay for name, decay in decays.items() if decay}
        # 0 where there are none, or the layers for them are not ours; players of a game need not be D and G.
        self.classes = min(filter(None, (class_count(self.networks[name]) for name in "dg" if name in self.networks)),
                           default=0)
        self.averages = {name: average_of(self.networks[name]) for name in self.ema}
        self.updates = tf.Variable(0, dtype=tf.int64, name="updates", **LOCAL)
        self.memory = {name: [_remember(term, player.network) for term in player.terms]
                       for name, player in players.items()}
        self._started = False  # whether the first batch has been seen
        self.built = True  # a subclassed model without `call` would be called by fit to build it

    def compile(self, **settings):
        """Takes `<player>_optimizer` for every player, such as d_optimizer and g_optimizer; the rest goes to Keras.

        Optimizers are built here, in the scope of the strategy. ValueError where one is missing.
        """
        missing = [f"{name}_optimizer" for name in self.players if f"{name}_optimizer" not in settings]
        if missing:
            raise ValueError(f"compile needs one optimizer for each player; missing: {', '.join(missing)}")
        self.optimizers = {name: keras.optimizers.get(settings.pop(f"{name}_optimizer")) for name in self.players}
        for name, optimizer in self.optimizers.items():
            optimizer.build(self.networks[name].trainable_variables)
        super().compile(optimizer=None, **settings)

    @property
    def log_names(self):
        """Names of what `train_step` returns, in order."""
        return [f"{name}/{told}" for name, player in self.players.items()
                for term, label in zip(player.terms, _term_names(player)) for told in (label, *_readings(term, label))]

    @property
    def sampler_network(self):
        """The generator to sample from: the average of its weights where one is kept."""
        return self.averages.get("g", self.networks["g"])

    @property
    def starts_from_data(self):
        """Whether G or D has layers that start from data and has not yet done so (`ops/first_batch.py`)."""
        return bool(self._wanting()) and not self._started and not int(self.updates.numpy())

    def initialize(self, data):
        """Runs D and G once on a batch where they have layers that start from data, which then set themselves.

        `data` as a step has it, and as many rows as wanted; D sees its images, G as many z. Call it before the first
        step, outside of replicas and traced functions: `fit` does so with its first batch. Averages take over what was
        set. A network without such layers is not run, and nothing of it changes.
        """
        data = data if isinstance(data, (tuple, list)) else (data,)
        view = self.view([tf.convert_to_tensor(part) for part in data[:2]], -1)
        passes = {"d": lambda: view.judge(view.real), "g": lambda: view.images("fake")}
        with first_batch.scope(), noise.scope(noise.fold(noise.root(self.seed), -1)):
            for name in self._wanting():
                passes[name]()
        for name in set(self.averages) & set(self._wanting()):
            self.averages[name].set_weights(self.networks[name].get_weights())
        self._started = True

    def fit(self, x=None, y=None, *arguments, **settings):
        """Keras's `fit`; before the first step `initialize` sees the first batch, where a layer starts from data."""
        if self.starts_from_data:
            self.initialize(first_batch.first_of(x, y))
        return super().fit(x, y, *arguments, **settings)

    def _wanting(self):
        return [name for name in "dg" if name in self.networks and first_batch.wanted(self.networks[name])]

    def view(self, data, index):
        """A View of rows (images[, labels]) with z of its own, drawn for the whole batch over all replicas."""
        images, labels = to_float(data[0]), data[1] if len(data) > 1 else None
        seed = noise.fold(noise.root(self.seed), self.updates, index)
        if replicas.count() > 1:
            check_cut(images, self.accumulate)
        if labels is not None and self.classes:
            labels = checked_labels(labels, self.classes)
        z = replicas.rows(lambda count: self.latent.draw(noise.fold(seed, 0), count), replicas.length(images),
                          self.accumulate)
        # Generated images take the real ones' labels: the data's own frequencies, and no class count is needed.
        return View(self.networks, images, z, labels, seed=noise.fold(seed, 1), joint=self.joint)

    @tf.autograph.experimental.do_not_convert  # as Keras has it for its own: no step needs it
    def train_step(self, data):
        """One step; `data` is this replica's part of the batch. Returns the value of every term by name."""
        data, logs = data if isinstance(data, (tuple, list)) else (data,), {}
        with tf.GradientTape(persistent=True) as tape:
            turns = self.deal(self, data)
            for number, (name, views) in enumerate(turns):
                logs |= self._turn(tape, name, [part for view in views for part in view.cut(self.accumulate)], number)
                for view in {id(view): view for _, others in turns for view in others}.values():
                    view.forget(name)
        for name, average in self.averages.items():
            update_average(average, self.networks[name], self.ema[name], self.updates, self.ema_start)
        with tf.control_dependencies([tf.convert_to_tensor(value) for value in logs.values()]):
            self.updates.assign_add(1)  # not in a step that finds no more data, as the last of an epoch of `fit`
        return {name: logs[name] for name in self.log_names}

    def _turn(self, tape, name, views, number):
        """Moves a player by the mean of its views' gradients; {name in the logs: the mean of a term}."""
        found = None
        for index, view in enumerate(views):
            view.first = index == 0
            # One after the other, and nothing is kept of a view but its gradients, so that memory holds one of them.
            with tf.control_dependencies(tf.nest.flatten(found) if found else []):
                more = self._gradients(tape, name, view, number)
            with tape.stop_recording():
                found = tf.nest.map_structure(tf.add, found, more) if found else more
            if len(views) > 1:
                view.forget_all()
        with tape.stop_recording():
            if len(views) > 1:
                found = tf.nest.map_structure(lambda total: total / len(views), found)
            self._move(name, found[1])
        return found[0]

    def _gradients(self, tape, name, view, number):
        """The values of the player's terms on one view by their names, and {group: gradients of their sum}."""
        player, totals, logs, view.player = self.players[name], {}, {}, name
        with noise.scope(noise.fold(view.seed, number)):
            for term, label, memory in zip(player.terms, _term_names(player), self.memory[name]):
                view.memory, group = memory, getattr(term, "group", "main")
                value = logs[f"{name}/{label}"] = term(view)
                logs |= {f"{name}/{told}": of(value) for told, of in _readings(term, label).items()}
                totals[group] = totals.get(group, 0.0) + value
        if player.network.losses:  # of regularizers; what layers add by themselves counts for the last pass only
            totals["main"] = totals.get("main", 0.0) + sum(player.network.losses)
        with tape.stop_recording():
            variables = [variable.value for variable in player.network.trainable_variables]
            return logs, {group: [tf.convert_to_tensor(gradient)  # an embedding's is sparse and could not be averaged
                                  for gradient in tape.gradient(total, variables, unconnected_gradients="zero")]
                          for group, total in totals.items()}

    def _move(self, name, gradients):
        """Applies {group: gradients}. Optimizers sum over replicas, so each brings its share."""
        player, share = self.players[name], 1.0 / replicas.count()
        if len(gradients) > 1:
            gradients = {group: replicas.mean(parts) for group, parts in gradients.items()}
        merged = player.merge(gradients) if len(gradients) > 1 else next(iter(gradients.values()))
        merged = [gradient * share for gradient in merged] if share != 1.0 else merged
        self.optimizers[name].apply(merged, player.network.trainable_variables)


def _check_players(players, decays):
    """ValueError where a term brings a player, or an average is asked of one, who does not play."""
    there = ", ".join(players)
    for name, term in ((name, term) for name, player in players.items() for term in player.terms):
        for brought in set(getattr(term, "brings", {})) - set(players):
            raise ValueError(f"the term {term.name} of player '{name}' needs a player '{brought}' with a network of "
                             f"its own; received the players {there}; add one with the terms in its `brings`, as "
                             "`others` of two_players")
    for name in {name for name, decay in decays.items() if decay} - set(players):
        raise ValueError(f"ema names a player '{name}', whose weights cannot be averaged; received the players "
                         f"{there}; name one of these")


def _check_kinds(joint, latent, deal):
    """ValueError for what would fail only at the first step, or never."""
    named = joint.values() if isinstance(joint, dict) else [joint]
    if not all(isinstance(parts, (tuple, list)) and set(parts) <= set(PARTS) for parts in named):
        raise ValueError(f"joint of a GAN must be a tuple of {', '.join(PARTS)}, or {{player: such a tuple}}; received "
                         f"{joint!r}")
    if not isinstance(latent, str) and not hasattr(latent, "draw"):
        raise ValueError("latent of a GAN must be a distribution or its spec, such as 'normal:100'; received "
                         f"{latent!r}")
    if deal is not None and not callable(deal):
        raise ValueError("deal of a GAN must be a function (gan, data) -> turns, such as deals.Apart(); received "
                         f"{deal!r}")


def _check_size(generator, latent):
    shape = generator.inputs[0].shape if getattr(generator, "inputs", None) else ()
    size = getattr(latent, "size", None)
    if len(shape) == 2 and None not in (shape[1], size) and shape[1] != size:
        raise ValueError(f"the network of player 'g' takes z of {shape[1]} numbers; received a latent of {size}; give "
                         "another latent")


def _remember(term, network):
    """The variables of a term with a memory, {name: variable}; an empty dict for one without."""
    values = term.memory(network) if hasattr(term, "memory") else {}
    return {key: tf.Variable(value, name=key, **LOCAL) for key, value in values.items()}


def _term_names(player):
    """The terms' names, numbered where two are the same, so that neither is lost in the logs."""
    names = [term.name for term in player.terms]
    return [name if names.count(name) == 1 else f"{name}_{index}" for index, name in enumerate(names)]


def _readings(term, label):
    """{name in the logs: function of the term's value} of what a term tells besides; numbered as its label is."""
    return {told + label.removeprefix(term.name): of for told, of in getattr(term, "readings", {}).items()}
