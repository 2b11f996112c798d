"""`evaluate` with the Inception extractors on stand-ins of 2048 features and 1008 logits, from files to a record."""

import contextlib
import io
import json

import numpy as np
import pytest

from tfgan_improved.main import main

QUICK, ALL = "classifier_score:splits=2 kernel", "classifier_score:splits=2 frechet kernel"
NAMES = {"inception_score", "inception_score_std", "kid", "kid_std"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two .npz of images, 12 x 12 in color; the second darker."""
    place, random = tmp_path_factory.mktemp("images"), np.random.RandomState(0)
    for name, top in (("samples", 256), ("real", 128)):
        np.savez(place / f"{name}.npz", images=random.randint(0, top, (40, 12, 12, 3)).astype(np.uint8))
    return place


def scored(files, extractor, asked, monkeypatch):
    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(files / "cache"))
    output, errors = files / "out.jsonl", io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        status = main(["evaluate", f"--extractor={extractor}", f"--images={files / 'samples.npz'}",
                       f"--against={files / 'real.npz'}", f"--scores={asked}", f"--output={output}"])
    assert status == 0, errors.getvalue()
    return json.loads(output.read_text().splitlines()[-1])


@pytest.mark.parametrize("asked", [QUICK, pytest.param(ALL, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["inception", "inception_graph"])
@pytest.mark.filterwarnings("ignore:.*its SHA-256 is not that of")
def test_scores_have_the_names_of_the_papers(files, module_folder, graph_file, kind, asked, monkeypatch):
    made = scored(files, f"{kind}:{module_folder if kind == 'inception' else graph_file}", asked, monkeypatch)
    assert set(made["scores"]) == NAMES | ({"fid"} if asked == ALL else set())
    assert made["scores"]["inception_score"] >= 1.0 and made["scores"]["kid"] > 0.0
    of = made["passport"]["extractor"]
    assert of["name"] == kind and len(of["hash"]) == 64 and of["resize"].startswith("bilinear to 299")
    assert ("warning" in of) == (kind == "inception_graph")
    if asked == ALL:
        assert made["scores"]["fid"] > 0.0
