"""A run folder of files alone, with something for each part of the page."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from tfgan_improved.config import RunConfig
from tfgan_improved.evaluation.nearest_training import Neighbours
from tfgan_improved.run_folder import RunFolder

HOSTILE = "<script>alert(1)</script>"
BETTER = {"classifier_score": "higher", "fd_x": "lower"}


def scoring(step, truncation=0.0, score=8.0):
    card = {"samples": 1000, "real": 500, "dataset": "mnist", "reference": "test", "truncation": truncation,
            "origin": {"name": HOSTILE}, "extractor": {"name": "x", "accuracy": 0.9923}}
    return {"step": step, "scores": {"classifier_score": score, "classifier_score_std": 0.125, "fd_x": 20.5},
            "intervals": {"classifier_score": [score - 0.5, score + 0.5], "fd_x": [19.5, 21.5]}, "bias": {"fd_x": 0.25},
            "better": BETTER, "real": {"classifier_score": 9.75, "fd_x": 0.75}, "passport": card}


def grid(seed):
    """A picture as training draws it: pixels repeated twice."""
    return np.random.default_rng(seed).integers(0, 256, (30, 40), dtype=np.uint8).repeat(2, 0).repeat(2, 1)


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A RunFolder with every kind of file."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "full")
    folder.samples.mkdir(parents=True)
    recipe = {**dataclasses.asdict(RunConfig(steps=300, latent="normal:16", d_ema=0.99)), "dataset": HOSTILE, "gone": 1}
    data = {"name": "mnist", "shape": [28, 28, 1], "classes": 10, "counts": {"train": 60000, "test": 10000}}
    made = {"python": "3.11", "tensorflow": "2.21.0", "keras": "3.15.1", "cores": 4, "devices": ["CPU"]}
    folder.config.write_text(json.dumps({"recipe": recipe, "data": data, "made_with": made}))
    files = {
        folder.log: [{"step": k, "seconds": k / 4, "d/loss": 1.0 + k / 300, "g/loss": 2.5,
                      "d/penalty": 10.0 ** (-k / 75), "g/diverged": float("nan")} for k in range(1, 301)],
        folder.errors: [{"step": k, "split": "test", "images": 10000, "errors": 2000 // k,
                         "errors_of_last_weights": 500} for k in (1, 10, 20)],
        folder.scores: [scoring(100, score=7.0), scoring(200, score=7.5), scoring(300, 0.5), scoring(300, 2.0),
                        scoring(300)],
        folder.path / "instruments.jsonl": [{"step": k, "singular/one": 1.0 + k, "singular/two": 2.0 + k, "copies": 0.5}
                                            for k in range(5)],
        folder.path / "selection.jsonl": [
            {"step": k, "by": "fd_x", "better": "lower", "split": "train", "samples": 100, "real": 1000,
             "extractor": "h", "scores": {"fd_x": abs(k - 150.0) + 1, "classifier_score": 3.0}}
            for k in (50, 150, 250)]}
    for path, lines in files.items():
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for step in (0, 150, 300):
        Image.fromarray(grid(step)).save(folder.samples / f"step-{step:08d}.png")
    (folder.samples / "step-00000200.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="session")
def neighbours():
    """What the verb finds, made up: two samples, two neighbours each in two spaces."""
    images = np.random.default_rng(0).integers(0, 256, (2, 2, 28, 28, 1), dtype=np.uint8)
    found = Neighbours(images, np.array([[10.0, 11.0], [20.0, 21.0]]), np.array([12.5, 30.0, 14.5]))
    return images[:, 0], {"pixels": found, "features": found}, 60000
