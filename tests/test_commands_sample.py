"""The verb `sample` over a run folder and its export: every picture, standing statistics, and what cannot be."""

import contextlib
import io
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import files
from tfgan_improved.evaluation import classifier
from tfgan_improved.evaluation.extractors import domain
from tfgan_improved.main import main
from tfgan_improved.pictures import PICTURES
from tfgan_improved.training import pictures

RECIPE = ["--dataset=digits", "--image_size=16", "--network=dcgan:width=4", "--latent=normal:4", "--batch_size=8",
          "--conditional", "--steps=2", "--checkpoint_every=2", "--noscore"]


def run(*arguments):
    """(status, stdout, stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def eyes(tmp_path_factory):
    """Stands for the classifier of the data set, which takes minutes to train."""
    def make(source, load, data=""):
        keras.utils.set_random_seed(0)
        x = keras.Input(source.shape, dtype="uint8")
        features = keras.layers.Dense(4)(keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(x)))
        network = keras.Model(x, {"features": features, "logits": keras.layers.Dense(10)(features)})
        return domain.DomainClassifier(network, source.name, {"accuracy": 0.5})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "classifier", make)
        patch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory, eyes):
    folder = tmp_path_factory.mktemp("sample") / "run"
    status, _, err = run("train", *RECIPE, f"--run_dir={folder}")
    assert status == 0, err
    return folder


def arrays(*arguments):
    """What `sample` writes into an .npz."""
    path = next(part.removeprefix("--output=") for part in arguments if part.startswith("--output="))
    status, _, err = run("sample", *arguments)
    assert status == 0, err
    with np.load(path) as stored:
        return dict(stored)


@pytest.mark.parametrize("picture", list(PICTURES))
def test_every_picture_is_the_same_of_a_run_folder_and_of_its_export(folder, picture, tmp_path):
    bound = "--sweep=0.5 0" if picture == "truncation" else "--truncation=0.7"
    asked = [f"--picture={picture}", "--count=22", "--classes=3,5-6", bound]
    made = [arrays(*asked, f"--{where}", f"--output={tmp_path}/{index}.npz")["images"]
            for index, where in enumerate((f"run_dir={folder}", f"images={folder}/export"))]
    assert len(made[0]) >= 16 and made[0].std() > 0
    np.testing.assert_array_equal(*made)


def test_pictures_stand_in_the_run_folder_by_default(folder):
    for name, picture, where in (("seed-0", "grid", "run_dir"), ("classes-seed-0", "classes", "images")):
        assert run("sample", f"--picture={picture}", f"--{where}={folder}")[0] == 0
        assert tf.io.decode_png((folder / f"samples/{name}.png").read_bytes()).shape[2] == 1


def test_rows_and_columns_are_told_and_written_beside_the_picture(folder, tmp_path):
    told, sizes = {}, {}
    for picture in ("grid", "truncation", "nearest:k=2,features=false"):
        bounds = ["--sweep=0.5 0"] * (picture == "truncation")
        status, told[picture], err = run("sample", f"--run_dir={folder}", f"--picture={picture}", "--count=6",
                                         *bounds, f"--output={tmp_path}/a.png")
        assert status == 0, err
        sizes[picture] = tf.io.decode_png((tmp_path / "a.png").read_bytes()).shape
    lines = [text.splitlines() for text in told.values()]
    assert [len(line) for line in lines] == [1, 2, 3]
    assert lines[1][1] == "rows: z within 0.5, z unbounded" and lines[2][2] == "columns: sample, 2 nearest in pixels"
    assert lines[2][1] == f"beside them: {tmp_path}/a.json" and (tmp_path / "a.json").exists()
    grid = pictures.grid(np.zeros((6, 16, 16, 1), np.uint8), columns=3).shape
    assert sizes["truncation"][0] == grid[0] and sizes["truncation"][1] > grid[1] + 40
    assert sizes["nearest:k=2,features=false"][0] > grid[0] + 10
    assert grid[1] < sizes["nearest:k=2,features=false"][1] < grid[1] * 1.2  # a gap behind the sample


def test_labels_are_those_asked_for(folder, tmp_path):
    made = arrays(f"--run_dir={folder}", "--count=5", "--classes=9,0-1", f"--output={tmp_path}/a.npz")
    np.testing.assert_array_equal(made["labels"], [9, 0, 1, 9, 0])
    assert set(arrays(f"--run_dir={folder}", "--count=90", f"--output={tmp_path}/b.npz")["labels"]) == set(range(10))


def test_classes_have_the_names_that_the_run_folder_and_the_export_keep(folder, tmp_path):
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for path, place in ((folder, "config.json"), (folder / "export", "about.json")):
        stored = json.loads((path / place).read_text())
        files.write_json(path / place, stored | {"data": stored["data"] | {"class_names": names}})
        made = arrays(f"--images={path}", "--count=4", "--classes=nine, 0-1", f"--output={tmp_path}/a.npz")
        np.testing.assert_array_equal(made["labels"], [9, 0, 1, 9])
        status, out, _ = run("sample", f"--images={path}", "--picture=classes", "--count=2", "--classes=six,2",
                             f"--output={tmp_path}/a.png")
        files.write_json(path / place, stored)
        assert status == 0 and "rows: six, two" in out


def test_standing_statistics_reach_every_verb_and_the_passport(folder, tmp_path):
    assert run("export", f"--run_dir={folder}", "--standing=2")[0] == 0
    drawn = {standing: arrays(*of, "--count=8", f"--output={tmp_path}/{standing}.npz") for standing, of in (
        ("none", [f"--run_dir={folder}"]), ("two", [f"--run_dir={folder}", "--standing=2"]),
        ("export", [f"--images={folder}/export"]))}
    assert (drawn["none"]["images"] != drawn["two"]["images"]).any()
    np.testing.assert_array_equal(drawn["two"]["images"], drawn["export"]["images"])  # exported with two passes
    assert json.loads((folder / "export/about.json").read_text())["standing"] == 2
    status, _, err = run("sample", f"--images={folder}/export", f"--output={tmp_path}/a.npz", "--standing=3")
    assert status == 2 and "whose statistics are fixed; export it" in err
    scores = "--scores=classifier_score:splits=2 frechet"
    assert run("evaluate", f"--run_dir={folder}", "--samples=40", scores, "--standing=2")[0] == 0
    assert run("evaluate", f"--run_dir={folder}", "--samples=40", scores)[0] == 0
    taken, moving = files.read_json_lines(folder / "scores.jsonl")[-2:]
    assert taken["passport"]["standing"] == 2 and "standing" not in moving["passport"]
    assert taken["scores"] != moving["scores"]
    out = tmp_path / "export.jsonl"
    assert run("evaluate", f"--images={folder}/export", "--against=digits", "--image_size=16", "--samples=40", scores,
               f"--output={out}")[0] == 0
    exported, = files.read_json_lines(out)
    assert exported["passport"]["standing"] == 2
    assert exported["scores"] == pytest.approx(taken["scores"], rel=1e-4)


def test_truncations_are_scored_printed_and_kept(folder, tmp_path):
    before = len(files.read_json_lines(folder / "scores.jsonl"))
    asked = ["--picture=truncation:scored=true", "--sweep=0.5 0", "--samples=40", "--standing=2",
             "--scores=classifier_score:splits=2 label_accuracy"]
    status, out, err = run("sample", *asked, f"--run_dir={folder}", f"--output={tmp_path}/rows.png")
    assert status == 0, err
    assert "| 0.5 | " in out and "| none | " in out and "| real images | " in out
    assert (tmp_path / "rows-scores.png").exists()
    records = files.read_json_lines(folder / "scores.jsonl")[before:]
    assert [record["passport"]["truncation"] for record in records] == [0.5, 0.0]
    kept = json.loads((tmp_path / "rows.json").read_text())
    assert [record["scores"] for record in kept["scored"]] == [record["scores"] for record in records]


@pytest.mark.parametrize("arguments, told", [
    (["--sweep=0.5"], "is of --picture=truncation; received --picture=grid; leave one out"),
    (["--sweep=1 0 1", "--picture=truncation"], "are no truncations; give different numbers"),
    (["--picture=truncation", "--truncation=1"], "--truncation=1 is not used by --picture=truncation"),
    (["--run_dir={folder}", "--images={folder}/export"], "name two generators; leave one out"),
    (["--images={folder}/export", "--output={folder}/a.png", "--best"], "--best cannot be chosen in the SavedModel"),
    (["--images={folder}/export", "--output={folder}/a.png", "--at_step=2"], "--at_step=2 cannot be chosen in the"),
    (["--classes=,"], "--classes=, names no classes; give names, numbers"),
    (["--classes=12"], "run has the classes 0 to 9; received 12"), (["--classes=5-3"], "--classes=5-3 names no"),
    (["--classes=zero"], "run has no class 'zero', only 0 to 9, without names; choose others with --classes"),
    (["--picture=mosaic"], "--picture: unknown picture 'mosaic'"), (["--sweep=0.5,1"], "are no truncations; give"),
    (["--images=/no/such"], "'/no/such' is no run folder with a place for pictures; name a file with --output"),
    (["--images={folder}/samples", "--output=/tmp/a.png"], "samples' holds no generator; give a run folder"),
    (["--picture=nearest", "--against=ring8"], "'ring8' has points of shape (2,), not images"),
    (["--picture=nearest:features=false", "--against=digits"], "'digits' have (24, 24, 1); name what"),
])
def test_what_cannot_be_drawn_is_told(folder, arguments, told):
    given = [part.format(folder=folder) for part in arguments]
    where = [] if any(part.startswith("--images") for part in given) else [f"--run_dir={folder}"]
    status, _, err = run("sample", *given, *where)
    assert status == 2 and told in err.splitlines()[-1] and "Traceback" not in err
