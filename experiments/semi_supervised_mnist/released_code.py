"""Draws released_code.png from released_code.json: both losses and test errors of the released code and of ours.

python experiments/semi_supervised_mnist/released_code.py   (from the repository root; README.md says what was run)
"""

import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).parent
SHOWN = {"loss_unl": "D's unsupervised loss, mean of an epoch", "loss_gen": "G's loss, mean of an epoch",
         "error_of_average": "errors of 10,000 test images (averaged D)"}


def main():
    found = json.loads((HERE / "released_code.json").read_text())
    figure, axes = plt.subplots(1, 3, figsize=(15, 3.8))
    for axis, (name, title) in zip(axes, SHOWN.items()):
        for run in found["runs"]:
            style = {"lw": 2} if run["by"] == "released code" else {"lw": 0.9, "ls": "--"}
            drawn = name != "error_of_average" or run["draw"] == 2  # the others stopped while errors fell
            values = [(epoch, each[name]) for epoch, each in enumerate(run["epochs"], 1) if drawn and name in each]
            scale = 10000 if name == "error_of_average" else 1
            axis.plot([epoch for epoch, _ in values], [scale * value for _, value in values],
                      label=f"{run['by']}, draw {run['draw']}", **style)
        axis.set(xlabel="epochs", title=title, yscale="log")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(HERE / "released_code.png", dpi=120)


if __name__ == "__main__":
    main()
