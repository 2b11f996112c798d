"""How the rows of a step are dealt to the players' turns. `deal(gan, data)` -> [(player, [views of one turn])].

Data are images[, labels[, labeled images, their labels]]. The images and labels are cut in `deal.parts(turns)` equal
parts, each a view with z of its own; the labeled images are cut among D's turns. `turns` is {player: turns in a step}.
"""

import abc

import tensorflow as tf

from tfgan_improved.ops.pixels import to_float


class Deal(abc.ABC):
    """Base of the deals: says how many parts a step needs, and which of them each player's turns take."""

    @abc.abstractmethod
    def parts(self, turns):
        """How many equal parts the images of a step are cut into."""

    @abc.abstractmethod
    def taken(self, turns):
        """{player: the numbers of the parts that its turns take, in order}."""

    def __call__(self, gan, data):
        turns = {name: player.steps for name, player in gan.players.items()}
        shares = zip(*(_cut(rows, self.parts(turns)) for rows in data[:2]))
        views = [gan.view(share, index) for index, share in enumerate(shares)]
        dealt = [(name, views[number]) for name, numbers in self.taken(turns).items() for number in numbers]
        if data[2:]:
            judges = [view for name, view in dealt if name == "d"]
            for view, labeled in zip(judges, zip(*(_cut(rows, len(judges)) for rows in data[2:]))):
                view.labeled = (to_float(labeled[0]), labeled[1])
        return [(name, [view]) for name, view in dealt]


class Shared(Deal):
    """Every turn of the busiest player has a part of its own; players that move less often take the last ones.

    So G's turn shares the images generated for D's last one. Source: Goodfellow et al. 2014, arXiv:1406.2661,
    algorithm 1, less the second draw of z.
    """

    def parts(self, turns):
        return max(turns.values())

    def taken(self, turns):
        return {name: range(self.parts(turns) - count, self.parts(turns)) for name, count in turns.items()}


class Apart(Deal):
    """Every turn of every player has images and z of its own.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1; Salimans et al. 2016, arXiv:1606.03498, whose code
    matches features on other images than those D has just learned from.
    """

    def parts(self, turns):
        return sum(turns.values())

    def taken(self, turns):
        starts = {name: sum(list(turns.values())[:index]) for index, name in enumerate(turns)}
        return {name: range(start, start + turns[name]) for name, start in starts.items()}


def _cut(rows, parts):
    if rows.shape[0] is not None and rows.shape[0] % parts:
        raise ValueError(f"a batch of {rows.shape[0]} cannot be dealt into {parts} equal parts, one for each turn that "
                         f"has rows of its own; give a multiple of {parts}")
    return tf.split(rows, parts)
