"""What --images and --against name: each kind by its path or its name, and clear errors."""

import contextlib
import io
import json
import os
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_improved import flagset
from tfgan_improved.commands import evaluate, image_sets
from tfgan_improved.evaluation import classifier
from tfgan_improved.main import VERBS, main

SCORES = "--scores=classifier_score:splits=2 frechet kernel"


class Eyes:
    """Stands for the classifier of a data set."""

    name, hash, resize, about, names = "eyes", "0123", "none", {}, {}

    def __call__(self, images):
        x = images.reshape(len(images), -1) / 50
        features = np.stack([x.mean(axis=1), x.std(axis=1)], 1).astype(np.float32)
        return {"features": features, "logits": np.concatenate([features, -features], 1)}


def run(*arguments):
    """(status, stdout, stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a set of each kind of 8 x 8 grey images; the cache is in it too."""
    place, random = tmp_path_factory.mktemp("sets"), np.random.RandomState(0)

    def pixels(n):
        return random.randint(0, 256, (n, 8, 8, 1)).astype(np.uint8)

    np.savez(place / "images.npz", images=pixels(40))
    for folder, n in (("plain", 30), ("classes/cats", 15), ("classes/dogs", 15), ("split/train/a", 20),
                      ("split/train/b", 20), ("split/test/a", 12), ("split/test/b", 12)):
        (place / folder).mkdir(parents=True)
        for index, image in enumerate(pixels(n)):
            Image.fromarray(image[:, :, 0]).save(place / folder / f"{index:03d}.png")
    module = tf.Module()
    module.serve = tf.function(lambda z: {"images": tf.tanh(tf.tile(z[:, :1, None, None], (1, 8, 8, 1)))},
                               input_signature=[tf.TensorSpec((None, 3), name="z")])
    tf.saved_model.save(module, str(place / "model"), signatures=module.serve)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "classifier", lambda source, load: Eyes())
        patch.setenv("TFGAN_IMPROVED_CACHE", str(place / "cache"))
        yield place


def scored(place, images, against, *more):
    output = place / f"out{len(os.listdir(place))}.jsonl"
    path = {name: str(place / name) if (place / name).exists() else name for name in (images, against)}
    status, out, err = run("evaluate", f"--images={path[images]}", f"--against={path[against]}", SCORES,
                           "--image_size=8", "--samples=20", f"--output={output}", *more)
    assert status == 0, err
    assert out.count("\n") == 1 + out.count("\nwarning: samples and real") and "fd_eyes" in out
    written = output if output.exists() else place / images / "scores.jsonl"  # where a run's are appended
    return json.loads(written.read_text().splitlines()[-1])


@pytest.mark.parametrize("images, against, samples, reference, real", [
    ("images.npz", "digits", 20, "test", 297),
    ("images.npz", "digits@train", 20, "train", 1500),
    ("digits@test", "images.npz", 20, "images.npz", 40),
    ("plain", "images.npz", 20, "images.npz", 40),
    ("images.npz", "plain", 20, "all", 30),
    ("model", "classes", 20, "all", 30),
    ("images.npz", "split", 20, "test", 24),
    ("split", "split", 20, "test", 24),
])
def test_each_kind_is_scored_against_another(place, images, against, samples, reference, real):
    of = scored(place, images, against)["passport"]
    assert (of["samples"], of["reference"], of["real"], of["shape"]) == (samples, reference, real, [8, 8, 1])


def test_a_split_and_the_flag_say_the_same(place):
    with_flag = scored(place, "images.npz", "split", "--reference=train")["passport"]
    assert (with_flag["reference"], with_flag["real"]) == ("train", 40)


def test_statistics_stand_for_the_images(place):
    first = scored(place, "plain", "images.npz")
    kept, = (place / "cache" / "statistics").glob("images_npz-all-40-*.npz")
    second = scored(place, "plain", str(kept))
    for name, value in first["scores"].items():
        assert value is None or second["scores"][name] == pytest.approx(value, rel=1e-6)


def test_sorted_folders_are_mixed_before_they_are_cut(place):
    """20 of 30 images hold both classes; the first 20 by name would hold five dogs and all cats."""
    request = flagset.parse(["evaluate", "--image_size=8", "--images=x"], VERBS)
    images = image_sets.named(str(place / "classes"), request)
    labels = np.concatenate([labels for _, labels in images.read(20, 0)])
    assert images.labeled and images.count == 30 and 5 < labels.sum() < 15


@pytest.mark.parametrize("images, message", [
    ("/no/such/place", "'/no/such/place' does not exist; give a run folder, a SavedModel, a folder of images"),
    ("./nothing", "'./nothing' does not exist"),
    ("text.txt", r"is a file that is no .npz; give a run folder"),
    ("empty", "empty"),
    ("digits@nowhere", "nowhere"),
    ("ring8", "points of shape .*, not images"),
    ("digit", "there is no file or folder 'digit', so it should be a data set: .*digits"),
    ("runs/mnsit", "there is no file or folder 'runs/mnsit'"),
    ("stats.npz", "holds statistics, which samples are held against; give images to score"),
    ("rank3.npz", r"holds images \(2, 8, 8\); give one array \(n, h, w, c\) named images"),
])
def test_what_is_none_of_them_is_one_sentence(place, images, message):
    (place / "text.txt").write_text("no images")
    np.savez(place / "stats.npz", mu=np.zeros(2), sigma=np.eye(2))
    np.savez(place / "rank3.npz", images=np.zeros((2, 8, 8), np.uint8))
    (place / "empty").mkdir(exist_ok=True)
    path = place / images
    named = str(path) if path.exists() and not pathlib.Path(images).is_absolute() else images
    status, out, err = run("evaluate", f"--images={named}", f"--against={place / 'images.npz'}", SCORES)
    last = err.strip().splitlines()[-1]
    assert status == 2 and out == ""
    assert re.search(message, last), last


@pytest.mark.parametrize("flag", ["--best", "--at_step=5"])
@pytest.mark.parametrize("images", ["model", "plain", "images.npz"])
def test_a_checkpoint_of_what_has_none_is_refused(place, images, flag):
    status, _, err = run("evaluate", f"--images={place / images}", "--against=digits", flag)
    assert status == 2 and "--best and --at_step choose a checkpoint of a run folder, and --images=" in err


def test_images_that_were_compressed_or_resized_are_told_from_others(place, tmp_path):
    for name, size, suffix in (("jpeg", 8, "jpg"), ("large", 16, "png")):
        (tmp_path / name).mkdir()
        for index in range(20):
            Image.fromarray(np.full((size, size), index, np.uint8)).save(tmp_path / name / f"{index}.{suffix}")
    said = {name: scored(place, str(tmp_path / name), "plain")["passport"] for name in ("jpeg", "large")}
    assert said["jpeg"]["origin"]["files"] == "jpeg" and said["large"]["origin"]["resized_from"] == "16 x 16"
    assert said["jpeg"]["caution"] == ("samples and real images differ in files (jpeg and not known), which scores see")
    assert "differ in resized_from (16 x 16 and not known)" in said["large"]["caution"]
    assert "caution" not in scored(place, "plain", "images.npz")["passport"]
    assert "caution" not in scored(place, "model", str(tmp_path / "jpeg"))["passport"]


PIXELS = "--scores=sliced_wasserstein:patches=4,directions=8 memorization:space=pixels"


def test_scores_of_pixels_make_no_extractor(place, monkeypatch):
    monkeypatch.setattr(classifier, "classifier", None)
    status, out, err = run("evaluate", f"--images={place / 'images.npz'}", "--against=digits@test", PIXELS,
                           "--image_size=8", "--samples=20")
    assert status == 0, err
    assert out.startswith("swd ") and "memorized_pixels " in out
    assert out.endswith("; 20 samples against 297 test images of digits\n")


def test_what_cannot_be_counted_is_told_before_an_extractor_is_made(place, monkeypatch):
    monkeypatch.setattr(classifier, "classifier", None)
    status, _, err = run("evaluate", f"--images={place / 'images.npz'}", "--against=digits", "--samples=5",
                         "--image_size=8")
    assert status == 2 and "--scores=classifier_score:splits=5" in err.strip().splitlines()[-1]


@pytest.mark.parametrize("output", ["no/such/folder/out.jsonl", "a_folder.jsonl"])
def test_an_output_that_cannot_be_written_is_told_first(place, tmp_path, monkeypatch, output):
    (tmp_path / "a_folder.jsonl").mkdir()
    monkeypatch.setattr(image_sets, "named", None)
    status, out, err = run("evaluate", f"--images={place / 'images.npz'}", f"--output={tmp_path / output}")
    assert (status, out) == (2, "") and "cannot be written; name a file in a folder that exists" in err


def test_the_score_is_said_before_it_is_written(place, tmp_path, monkeypatch):
    def full(path, record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evaluate.files, "append_json_line", full)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(OSError, match="No space"):
        main(["evaluate", f"--images={place / 'images.npz'}", "--against=digits", "--image_size=8", "--samples=20",
              PIXELS, f"--output={tmp_path / 'out.jsonl'}"])
    assert out.getvalue().startswith("swd ")


def test_images_of_another_size_are_refused(place):
    status, _, err = run("evaluate", f"--images={place / 'images.npz'}", "--against=digits@test", SCORES,
                         "--image_size=16")
    assert status == 2 and "give images of one shape, or --image_size" in err.strip().splitlines()[-1]


def test_a_run_folder_and_its_export_are_the_same_generator(place):
    """A sampler gives the same images for a seed in a checkpoint and in a SavedModel."""
    folder = place / "run"
    status, _, err = run("train", "--dataset=digits", "--image_size=8", "--network=dcgan:width=4", "--latent=normal:4",
                         "--batch_size=8", "--steps=1", "--score=false", f"--run_dir={folder}")
    assert status == 0, err
    of_run, of_export = (scored(place, name, "images.npz") for name in ("run", "run/export"))
    assert of_run["scores"] == of_export["scores"]
    origin = of_run["passport"]["origin"]
    assert len(origin.pop("digest")) == 64 and origin == {
        "name": "run", "truncation": 0.0, "run": "run", "path": str(folder), "step": 1, "run_seed": 0}
    origin = of_export["passport"]["origin"]
    assert (origin["model"], origin["path"], len(origin["digest"])) == ("export", str(folder / "export"), 64)


def test_a_file_of_images_is_told_by_what_is_in_it(place):
    origin = scored(place, "images.npz", "digits")["passport"]["origin"]
    assert (origin["name"], origin["path"], len(origin["digest"])) == ("images.npz", str(place / "images.npz"), 64)
