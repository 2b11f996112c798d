"""Conditional CIFAR-10 with the projection, at a budget for a CPU: SN-DCGAN and a small BigGAN, attention on and off.

From the repository root, with TFDS_DATA_DIR set (it resumes where it was stopped):

    PYTHONPATH=. python experiments/cifar10_conditional/run.py --seeds=2 --jobs=2
    PYTHONPATH=. python experiments/cifar10_conditional/run.py --report_only --with_recorded

Besides the scores of each run: the accuracy of each class, and of the first seed of each arm the scores at several
truncations and pictures of its classes, truncations, walks between classes and nearest training images.
"""

import json
import pathlib
import shutil
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import arms  # noqa: E402

BOUNDS = "0.5 1 1.5 2 0"
SCORES = "--scores=classifier_score frechet kernel label_accuracy"
PICTURES = {"classes": ("--picture=classes", "--count=100"), "walks": ("--picture=interpolation:between=classes",),
            "nearest": ("--picture=nearest", "--count=110")}
STUDY = arms.Study(
    HERE, "A small BigGAN draws better images of the asked classes than SN-DCGAN at the same budget; attention at "
    "16 x 16 helps it; truncation raises the score and lowers variety",
    {"paper": "arXiv:1809.11096", "also": "arXiv:1802.05637 (projection), arXiv:1805.08318 (attention)",
     "scores": "of a classifier of CIFAR-10, not of Inception: not comparable with published ones"},
    {"sndcgan": ("--flagfile=flags/cifar10_sndcgan_conditional.flags", SCORES),
     "biggan": ("--flagfile=flags/cifar10_biggan_small.flags", SCORES),
     "biggan_attention": ("--flagfile=flags/cifar10_biggan_small_attention.flags", SCORES),
     "biggan_bfloat16": ("--flagfile=flags/cifar10_biggan_small.flags", "--precision=bfloat16", SCORES)},
    {"classifier_score": ("classifier score", 3), "fd_cifar10_cnn": ("FD, CIFAR-10 classifier", 2),
     "kd_cifar10_cnn": ("KD, CIFAR-10 classifier", 4),
     "label_accuracy_cifar10_cnn": ("asked class recognized", 3)}, 8_000,
    {"biggan": 0.5, "biggan_attention": 0.5, "biggan_bfloat16": 0.5},
    verdict="BigGAN is better than SN-DCGAN in both seeds; attention does not show; bfloat16 scores as float32 does")


def sweep(asked, arm):
    """The records at each truncation of an arm's first seed, whose pictures are drawn too; [] where it has none."""
    path, place = arms.folder_of(STUDY, asked, arm, 0), pathlib.Path(asked.results)
    kept = path / "samples" / "truncation.json"
    common = (f"--run_dir={path}", f"--threads={asked.threads}", *asked.flags.split())
    if not (path / "checkpoints").exists():
        return arms.recorded(asked).get("truncations", {}).get(arm, [])
    if not asked.report_only:
        for name, how in PICTURES.items():
            arms.run(path, "sample", *common, *how, "--standing=16", f"--output={path}/samples/{name}.png",
                     told=f"{arm}, picture {name}")
        if not kept.exists():
            arms.run(path, "sample", *common, "--picture=truncation:scored=true", f"--sweep={BOUNDS}", SCORES,
                     "--standing=16", f"--output={kept.with_suffix('.png')}", told=f"{arm}, truncations")
    place.mkdir(parents=True, exist_ok=True)
    for picture in (path / "samples").glob("*.png"):
        if picture.stem in (*PICTURES, "truncation", "truncation-scores"):
            shutil.copyfile(picture, place / f"{picture.stem}-{arm}.png")
    return json.loads(kept.read_text())["scored"] if kept.exists() else []


def class_accuracy(asked, found):
    """{arm: {seed: share of each class's samples that the classifier takes for it}}, and that of real images."""
    from tfgan_improved import data
    from tfgan_improved.evaluation import domain_classifier, label_accuracy

    eyes, earlier = domain_classifier(data.load("cifar10")), arms.recorded(asked).get("class_accuracy", {})
    shares = {}
    for run in found:
        arm, seed = run["arm"], str(run["seed"])  # a string, as JSON keeps it
        here = pathlib.Path(run["folder"], "checkpoints").exists()
        shares.setdefault(arm, {})[seed] = _of_run(run, eyes) if here else earlier[arm][seed]
    images, labels = data.load("cifar10").arrays("test")
    return shares | {"real images": {"": label_accuracy(eyes(images)["logits"], labels)[1].tolist()}}


def _of_run(run, eyes):
    """The share of each class of one run."""
    from tfgan_improved.commands.restored import restored_sampler
    from tfgan_improved.config import RunConfig
    from tfgan_improved.evaluation import label_accuracy, models
    from tfgan_improved.run_folder import RunFolder

    sampler, _ = restored_sampler(RunConfig(**run["recipe"]), RunFolder(run["folder"]), run["steps"], standing=16)
    images, labels = models.of_sampler(run["arm"], sampler, 10).of_classes(tuple(range(10)), 5000, 0)
    return label_accuracy(eyes(images)["logits"], labels)[1].tolist()


def class_table(shares):
    """The accuracy of each class, the mean over seeds, as markdown."""
    from tfgan_improved import data

    names = data.load("cifar10").class_names
    lines = ["| asked class recognized | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    means = {arm: np.mean(list(of_arm.values()), axis=0) for arm, of_arm in shares.items()}
    return "\n".join(lines + [f"| {arm.replace('_', ' ')} | " + " | ".join(f"{share:.2f}" for share in of_arm) + " |"
                              for arm, of_arm in means.items()])


def main():
    """Trains, draws and reports."""
    asked = arms.arguments(STUDY, __doc__)
    if not asked.report_only:
        arms.train_all(STUDY, asked)
    found = arms.read_all(STUDY, asked)
    scored = {run["arm"] for run in found if run["seed"] == 0}
    swept = {arm: sweep(asked, arm) for arm in STUDY.arms if arm in scored}  # not of a training under way
    shares = class_accuracy(asked, found)
    arms.report(STUDY, asked, truncations=swept, class_accuracy=shares)
    tables = class_table(shares)
    if any(swept.values()):
        from tfgan_improved.pictures import table
        tables += "".join(f"\n\n{arm.replace('_', ' ')}:\n\n{table(scored)}" for arm, scored in swept.items() if scored)
    print(tables)
    with open(pathlib.Path(asked.results) / "table.md", "a") as text:
        text.write("\n" + tables + "\n")


if __name__ == "__main__":
    main()
