"""What a term sees of the current turn: images, labels and the networks' outputs, computed when first asked for."""

import tensorflow as tf

from tfgan_improved.ops import noise, replicas

PARTS = ("real", "fake", "labeled")


class Networks(dict):
    """{player: network}; ValueError where a term asks for one that does not play."""

    def __missing__(self, name):
        raise ValueError(f"a term asks for the network of player '{name}'; received the players {', '.join(self)}; add "
                         "that player to the GAN, or leave the term out")


class View:
    """One micro-batch. A network runs once for each version of the weights its output depends on.

    The step sets `player`, the name of who moves, `memory`, the variables of the current term, and `first`, whether it
    is the first of a turn that has several. After a player has moved, what depended on its network is forgotten, so the
    same view may serve the next player's turn.
    Its parts are "real" and "fake", and "labeled" where the data have labeled images beside the others.
    """

    def __init__(self, networks, real, z, labels=None, labeled=None, seed=None, joint=()):
        self.networks, self.real, self.z, self.seed = Networks(networks), real, z, seed
        self.labels = labels  # of real and fake: generated images are drawn with the labels of the real ones
        self.labeled = labeled  # (images, labels)
        self.joint = joint  # parts that share one pass through D, or {player: those parts in its turn}
        self.whole = real  # real images of all parts, where this view is one of several that were cut
        self._results, self.player, self.memory, self.first = {}, None, None, True

    def once(self, key, owners, make):
        """`make()`, or its result of before where none of `owners` (names of players) has moved since."""
        if key not in self._results:
            self._results[key] = (owners, make())
        return self._results[key][1]

    def forget(self, player):
        """Drops what depends on `player`'s network."""
        self._results = {key: pair for key, pair in self._results.items() if player not in pair[0]}

    def forget_all(self):
        """Drops every result, so that nothing of this view is kept while others are looked at."""
        self._results = {}

    def cut(self, count):
        """The view in `count` views of equally many rows; they have its z too, so that together they are this one.

        ValueError where the rows cannot be shared equally.
        """
        if count == 1:
            return [self]
        parts = [self.real, self.z, self.labels, *(self.labeled or ())]
        for rows in parts:
            check_cut(rows, count)
        cut = zip(*([None] * count if rows is None else tf.split(rows, count) for rows in parts))
        views = [View(self.networks, real, z, labels, tuple(labeled) or None, noise.fold(self.seed, index), self.joint)
                 for index, (real, z, labels, *labeled) in enumerate(cut)]
        for view in views:
            view.whole = self.whole
        return views

    def images(self, part):
        """Images (n, ...) of a part; generated ones carry a gradient in G's turn only."""
        if part == "real":
            return self.real
        if part == "labeled":
            return self._labeled()[0]
        fake = self.once("fake", {"g"}, self._generate)
        return fake if self.player == "g" else tf.stop_gradient(fake)

    def labels_of(self, part):
        """Labels (n,) of a part; None where the data have none."""
        return self._labeled()[1] if part == "labeled" else self.labels

    def _labeled(self):
        if self.labeled is None:
            raise ValueError("there are no labeled images beside the others in this turn; give data as (images, "
                             "labels, labeled images, their labels), with --labels on the command line")
        return self.labeled

    def _generate(self):
        return self.networks["g"](self._inputs("g", self.z, self.labels), training=True)

    def judge(self, images):
        """D's dict of outputs for any images, as many as the view has labels; runs D at every call."""
        return self._judge(images, self.labels)

    def _judge(self, images, labels):
        return self.networks["d"](self._inputs("d", images, labels), training=True)

    def _inputs(self, name, x, labels):
        if len(self.networks[name].inputs) == 1:
            return x
        if labels is None:
            raise ValueError(f"the network of player '{name}' is conditional; give the data as (images, labels)")
        return [x, labels]

    def judged(self, part):
        """D's dict of outputs for a part. The parts in `joint[player]` share one concatenated pass."""
        joint = tuple(self.joint.get(self.player, ()) if isinstance(self.joint, dict) else self.joint)
        parts = joint if part in joint else (part,)
        generated = "fake" in parts  # then a pass of G's turn, which carries its gradient, serves no other player
        key = ("d", parts, generated and self.player == "g")
        outputs = self.once(key, {"d", "g"} if generated else {"d"}, lambda: self._together(parts))
        return {name: value[parts.index(part)] for name, value in outputs.items()}

    def _together(self, parts):
        """{output: its value for each of `parts`}, which are joined into one pass and cut again."""
        images, labels = [self.images(part) for part in parts], [self.labels_of(part) for part in parts]
        if len(parts) == 1:
            return {name: [value] for name, value in self._judge(images[0], labels[0]).items()}
        missing = any(part is None for part in labels)
        outputs = self._judge(tf.concat(images, axis=0), None if missing else tf.concat(labels, axis=0))
        lengths = [replicas.length(part) for part in images]
        return {name: tf.split(value, lengths) for name, value in outputs.items()}


def check_cut(rows, count):
    """ValueError unless `rows`, a tensor or None, can be cut into `count` equal parts."""
    if rows is not None and (rows.shape[0] or 0) % count:
        raise ValueError(f"{rows.shape[0]} rows of a turn cannot be accumulated over {count} equal parts; give a batch "
                         f"of a multiple of {count} on each replica")
