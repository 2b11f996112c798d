"""Modes of stacked MNIST with equal networks: trains every arm with every seed, counts modes, writes what was found.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    PYTHONPATH=. python experiments/stacked_mnist/run.py --seeds=3 --jobs=2
    PYTHONPATH=. python experiments/stacked_mnist/run.py --report_only --with_recorded
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import arms  # noqa: E402

NAMES = ("plain", "minibatch", "direal", "mine")
# A discriminator so small that the plain GAN loses modes: of 4 maps where the generator has 32.
WEAK = ("--network=dcgan:width=32,d_width=4", "--label_smoothing=0", "--d_lr=2e-4", "--g_lr=2e-4")
STUDY = arms.Study(
    HERE, "With equal networks a GAN with MINE draws all 1,000 modes of stacked MNIST, with a KL of at most 0.06 nats, "
    "more than a plain one in every seed",
    {"paper": "arXiv:1801.04062", "table": 1, "also": "arXiv:1712.04086"},
    {name: (f"--flagfile=flags/stacked_mnist_{name}.flags",) for name in NAMES}
    | {f"weak_{name}": (f"--flagfile=flags/stacked_mnist_{name}.flags", *WEAK) for name in ("plain", "mine")},
    {"modes": ("modes of 1000", 1), "mode_kl": ("KL from uniform, nats", 3),
     "mode_kl_to_real": ("KL from real shares, nats", 3), "classifier_score": ("classifier score of 1000", 1)}, 20_000,
    reported={"plain": "99 modes, KL 3.40 (its DCGAN)", "mine": "1000 modes, KL 0.05"},
    reported_as="in MINE's paper (networks of its own)", goals={"mode_kl": 0.06, "modes": 1000},
    logarithmic=("mode_kl", "mode_kl_to_real"),
    verdict="The goal is reached by minibatch discrimination in every seed; MINE before plain is not held")


def ordering(found, before=""):
    """For each seed whether MINE found at least as many modes as plain, and at a lower KL; `before` in arms' names."""
    by = {(run["arm"], run["seed"]): run["scores"] for run in found}
    plain, mine = f"{before}plain", f"{before}mine"
    return {seed: {"modes": by[mine, seed]["modes"] >= scores["modes"],
                   "mode_kl": by[mine, seed]["mode_kl"] < scores["mode_kl"]}
            for (arm, seed), scores in by.items() if arm == plain and (mine, seed) in by}


if __name__ == "__main__":
    asked = arms.arguments(STUDY, __doc__)
    if not asked.report_only:
        arms.train_all(STUDY, asked)
    found = arms.read_all(STUDY, asked)
    held, weak = ordering(found), ordering(found, "weak_")
    arms.report(STUDY, asked, mine_beats_plain=held, mine_beats_plain_with_a_weak_discriminator=weak)
    print("MINE beats plain, by seed:", held, "with a weak discriminator:", weak)
