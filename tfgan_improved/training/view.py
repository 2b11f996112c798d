"""What a term sees of the current turn: images, labels and the networks' outputs, computed when first asked for."""

import tensorflow as tf


class View:
    """One micro-batch. A network runs once for each version of the weights its output depends on.

    The step sets `player`, the name of who moves, and `memory`, the variables of the current term. After a player
    has moved, what depended on its network is forgotten, so the same view may serve the next player's turn.
    """

    def __init__(self, networks, real, z, labels=None, seed=None, joint=()):
        self.networks, self.real, self.z, self.seed, self.joint = networks, real, z, seed, tuple(joint)
        self.labels = labels  # of both parts: generated images are drawn with the labels of the real ones
        self._results, self.player, self.memory = {}, None, None

    def once(self, key, owners, make):
        """`make()`, or its result of before where none of `owners` (names of players) has moved since."""
        if key not in self._results:
            self._results[key] = (owners, make())
        return self._results[key][1]

    def forget(self, player):
        """Drops what depends on `player`'s network."""
        self._results = {key: pair for key, pair in self._results.items() if player not in pair[0]}

    def images(self, part):
        """Images (n, ...) of "real" or "fake"; generated ones carry a gradient in G's turn only."""
        if part == "real":
            return self.real
        fake = self.once("fake", {"g"}, self._generate)
        return fake if self.player == "g" else tf.stop_gradient(fake)

    def _generate(self):
        return self.networks["g"](self._inputs("g", self.z, self.labels), training=True)

    def judge(self, images, repeats=1):
        """D's dict of outputs for any images, `repeats` times as many as the view has labels; runs D at every call."""
        labels = self.labels if repeats == 1 or self.labels is None else tf.concat([self.labels] * repeats, axis=0)
        return self.networks["d"](self._inputs("d", images, labels), training=True)

    def _inputs(self, name, x, labels):
        if len(self.networks[name].inputs) == 1:
            return x
        if labels is None:
            raise ValueError(f"the network of player '{name}' is conditional; give the data as (images, labels)")
        return [x, labels]

    def judged(self, part):
        """D's dict of outputs for "real" or "fake". The parts in `joint` share one concatenated pass."""
        parts = self.joint if part in self.joint else (part,)
        generated = "fake" in parts  # then a pass of G's turn, which carries its gradient, serves no other player
        key = ("d", parts, generated and self.player == "g")
        outputs = self.once(key, {"d", "g"} if generated else {"d"}, lambda: self.judge(
            tf.concat([self.images(each) for each in parts], axis=0) if len(parts) > 1 else self.images(part),
            len(parts)))
        if len(parts) == 1:
            return outputs
        return {key: tf.split(value, len(parts))[parts.index(part)] for key, value in outputs.items()}
