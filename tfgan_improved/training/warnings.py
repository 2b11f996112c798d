"""Warnings while a run trains: what goes wrong, by which evidence, and one flag to try. Silent on healthy runs.

A sign is a function of the last `LOOKS` looks (records of `Vitals`, the newest last) and the learning rates -> (what
goes wrong, the evidence, the flag to try), or None. Limits were set on the recorded runs of tests/training/recorded.
"""

import sys

LOOKS = 4  # in a row that must agree before anything is said
QUIET = 20  # looks for which a warning that was said is not said again
PLAYERS = {"d": "D", "g": "G"}


def saturated(looks, rates):
    """D tells all real and generated examples apart and has nothing left to learn, for long."""
    # Above its least: with one-sided label smoothing no loss comes near 0. Rounding may take it a hair below.
    losses = [look.get("d/loss", -1.0) - look.get("d_least", 0.0) for look in looks]
    if not all(look["apart"] >= 0.99 and -1e-5 <= loss < 0.015 for look, loss in zip(looks, losses)):
        return None
    return ("D is saturated: it tells real and generated images apart perfectly, and G learns little from it",
            f"its loss was at most {max(*losses, 0.0):.1g} above its least since step {looks[0]['step']}, and "
            f"{looks[-1]['apart']:.1%} of pairs are in the right order", f"--d_lr={rates['d'] / 4:.1g}")


def identical(looks, rates):
    """Samples hardly differ, each from another one or all of them: the spread may be small where no two are near."""
    if not all(look["nearest"] < NEAREST or look["width"] < WIDTH for look in looks):
        return None
    last, flag = looks[-1], "--d_head=minibatch_discrimination"
    if last["nearest"] < NEAREST:
        return ("samples are nearly identical: G has collapsed to few images",
                f"since step {looks[0]['step']}; the distance to the nearest other sample is {last['nearest']:.1%} of "
                f"that of real images, the spread of all {last['width']:.1%}", flag)
    return ("samples hardly vary: G fills a small part of the data's space",
            f"since step {looks[0]['step']}; the spread of all is {last['width']:.1%} of that of real images", flag)


def away(looks, rates):
    """G has left the data behind: D finds real less real than generated and cannot catch up, or samples fly apart."""
    reversed_order = all(look["apart"] <= 0.05 and look.get("d/loss", 0.0) >= FOOLED for look in looks)
    if not reversed_order and not all(look["width"] > WIDE for look in looks):
        return None
    last = looks[-1]
    return ("G has run away from the data, and D is too weak to bring it back",
            f"since step {looks[0]['step']}; {last['apart']:.1%} of pairs of real and generated are in the right "
            f"order, D's loss is {last.get('d/loss', 0.0):.3g}, the spread of samples {last['width']:.1%} of that of "
            "real images", f"--g_lr={rates['g'] / 4:.1g}")


def diverging(looks, rates):
    """Weights or losses grow by a factor from look to look: they end as NaN."""
    for player, called in PLAYERS.items():
        sizes = [look[f"{player}_size"] for look in looks]
        if _grows(sizes, 1.3):
            return (f"{called} diverges: its weights grow without end, and NaN is ahead",
                    f"their size went from {sizes[0]:.2g} to {sizes[-1]:.2g} since step {looks[0]['step']}",
                    f"--{player}_lr={rates[player] / 4:.1g}")
        losses = [abs(look.get(f"{player}/loss", 0.0)) for look in looks]
        if losses[-1] >= LARGE and _grows(losses, 1.5):
            return (f"{called}'s loss grows without end, and NaN is ahead",
                    f"it went from {losses[0]:.3g} to {losses[-1]:.3g} since step {looks[0]['step']}",
                    "--d_wrap=spectral")
    return None


def gone(looks, rates):
    """A player stands still, whatever its learning rate. Not said of a D that is saturated: that has nothing to do."""
    for player, called in reversed(PLAYERS.items()):
        if player == "d" and saturated(looks, rates):
            continue
        moved = [look.get(f"{player}_moved", 1.0) for look in looks]
        if max(moved) < STILL:
            other = "--loss=hinge" if player == "g" else f"--d_lr={rates['d'] / 4:.1g}"
            return (f"{called}'s gradient is gone: it hardly moves",
                    f"in a step its weights move by {moved[-1]:.1g} of the learning rate since step "
                    f"{looks[0]['step']}; 0.01 to 1 is usual", other)
    return None


SIGNS = (saturated, identical, away, diverging, gone)
NEAREST, WIDTH = 0.1, 0.15  # as parts of real images'; healthy runs have 0.3 and 0.6 at least, an untrained G 0.2
WIDE = 2.0  # as a part of real images' spread; healthy runs have 1.1 at most
FOOLED = 2.5  # a loss of D well above that of guessing, 1.4, or 2 for the hinge loss
LARGE = 500.0  # a loss from which on growing is no search for the right size any more
STILL = 2e-3


def _grows(values, factor):
    return all(new >= factor * old > 0 for old, new in zip(values, values[1:]))


class Warnings:
    """Looks at the run and prints what signs say, each at most once in `QUIET` looks. `rates` are the learning rates.

    Called by the loop; the very last steps of a run, if they are no full interval, are not looked at.
    """

    def __init__(self, vitals, every, rates):
        self.vitals, self.every, self.rates, self.looks, self.said = vitals, every, rates, [], {}

    def __call__(self, step, means):
        if step % self.every:
            return
        self.looks.append(self.vitals(step, means))
        for text in self.due():
            line = f"tfgan_improved: warning: step {step}: {text}"  # on a terminal it takes the progress line's place
            print(f"\r{line:<100}" if sys.stderr.isatty() else line, file=sys.stderr, flush=True)

    def due(self):
        """The sentences that the looks so far give reason for and that were not said lately."""
        texts = []
        if len(last := self.looks[-LOOKS:]) < LOOKS or any(None in look.values() for look in last):
            return texts
        for sign in SIGNS:
            if len(self.looks) - self.said.get(sign, -QUIET) >= QUIET and (found := sign(last, self.rates)):
                self.said[sign] = len(self.looks)
                what, evidence, flag = found
                texts.append(f"{what} ({evidence}); try {flag}")
        return texts
