"""Draws released_code.png from released_code.json: D's unsupervised loss and G's, of the released code and of ours.

python experiments/semi_supervised_mnist/released_code.py   (from the repository root; README.md says what was run)
"""

import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).parent
LOSSES = {"loss_unl": "D's unsupervised loss", "loss_gen": "G's feature matching loss"}


def main():
    found = json.loads((HERE / "released_code.json").read_text())
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
    for axis, (name, title) in zip(axes, LOSSES.items()):
        for run in found["runs"]:
            style = {"lw": 2} if run["by"] == "released code" else {"lw": 0.9, "ls": "--"}
            values = [epoch[name] for epoch in run["epochs"]]
            axis.plot(range(1, len(values) + 1), values, label=f"{run['by']}, draw {run['draw']}", **style)
        axis.set(xlabel="epochs", title=f"{title}, mean of an epoch", yscale="log")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(HERE / "released_code.png", dpi=120)


if __name__ == "__main__":
    main()
