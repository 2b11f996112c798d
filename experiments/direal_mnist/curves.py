"""The figures of this experiment: curves over epochs of every run, and samples."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from scipy import stats

COLORS = {"with": "tab:blue", "without": "tab:red"}
PANELS = {"d/diversity": "diversity loss of D", "g/diversity": "diversity loss of G",
          "distance_of_outputs": "Wasserstein distance of D's outputs", "duplicates": "share of near duplicates",
          "d/mean_correlation": "D: mean |correlation| of two units", "g/mean_correlation": "G: the same",
          "d/share_above": "D: share of pairs above tau", "g/share_above": "G: the same"}


def rank_correlation(a, b):
    """Spearman's, 0 where one of them is constant."""
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(stats.spearmanr(a, b).statistic)


def draw(folder, runs):
    """curves.png and samples.png of MNIST, figure4.png of CIFAR-10, whichever there are runs of."""
    for dataset, name, panels in (("mnist", "curves", PANELS),
                                  ("cifar10", "figure4", dict(list(PANELS.items())[:2]))):
        of_set = [run for run in runs if run["dataset"] == dataset]
        if of_set:
            _curves(folder / f"{name}.png", of_set, panels)
    _samples(folder / "samples.png", [run for run in runs if run["dataset"] == "mnist" and run["pictures"]])


def _curves(path, runs, panels):
    """A line for each run: color by arm, dashes by seed."""
    columns = min(4, len(panels))
    lines = len(panels) // columns
    figure, axes = plt.subplots(lines, columns, figsize=(4 * columns, 3 * lines + 0.3),
                                squeeze=False)
    styles = dict(zip(sorted({run["seed"] for run in runs}), ["-", "--", ":", "-."] * 9))
    for axis, (key, title) in zip(axes.flat, panels.items()):
        for run in runs:
            axis.plot(run["epochs"], run["series"][key], styles[run["seed"]], color=COLORS[run["arm"]], lw=1.1,
                      label=f"{run['arm']} regularizer, seed {run['seed']}")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("epochs", fontsize=8)
        axis.tick_params(labelsize=8)
        if "diversity" in key:  # the arms are two powers of ten apart
            axis.set_yscale("symlog", linthresh=1.0)
        axis.set_ylim(bottom=0)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), fontsize=8, ncols=3 * columns // 2, loc="lower center")
    figure.tight_layout(rect=(0, 0.1 / lines, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _samples(path, runs):
    """The last grid of samples of every run: arms from left to right, seeds from top to bottom."""
    if not runs:
        return
    seeds, arms = sorted({run["seed"] for run in runs}), list(COLORS)
    figure, axes = plt.subplots(len(seeds), 2, figsize=(6, 3.15 * len(seeds)), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for run in runs:
        axis = axes[seeds.index(run["seed"]), arms.index(run["arm"])]
        axis.imshow(Image.open(run["pictures"][-1]).convert("L"), cmap="gray")
        axis.set_title(f"{run['arm']} regularizer, seed {run['seed']}", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
