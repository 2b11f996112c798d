"""Votes of people against a count by hand and Wilson's formula, and the files that are none."""

import json
import math

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, votes

KEY = {"page": "p" * 12, "feedback": 0, "real": [True, False, True, False, False, True], "about": {"seed": 3}}


def saved(path, said, voter="v", name="", page="p" * 12, images=None):
    """A file as the page saves it; `said` is a letter a vote."""
    images = range(len(said)) if images is None else images
    words = {"r": "real", "g": "generated", "?": "perhaps"}
    path.write_text(json.dumps({"page": page, "voter": voter, "name": name, "votes": [
        {"image": image, "said": words[letter], "seconds": 1.0 + index}
        for index, (image, letter) in enumerate(zip(images, said))]}))
    return path


def wilson(p, n, t=1.959963984540054):
    half = t * math.sqrt(p * (1 - p) / n + t * t / (4 * n * n))
    return [(p + t * t / (2 * n) + sign * half) / (1 + t * t / n) for sign in (-1, 1)]


def test_two_people_are_counted_apart_and_together(tmp_path):
    paths = [saved(tmp_path / "a.json", "rgrrgg", "a", "Ada"), saved(tmp_path / "b.json", "rr", "b", images=[5, 1])]
    record = votes.count(votes.read(paths, KEY), KEY)
    ada, other = record["people"]
    assert (ada["name"], ada["votes"], ada["right"]) == ("Ada", 6, pytest.approx(4 / 6))
    assert ada["real_called_generated"] == pytest.approx(1 / 3) == ada["generated_called_real"]
    assert ada["median_seconds"] == 3.5
    assert (other["votes"], other["right"], other["real_called_generated"], other["generated_called_real"]) == (
        2, 0.5, 0.0, 1.0)
    assert record["all"]["votes"] == 8 and record["all"]["right"] == pytest.approx(5 / 8)
    for found in (ada, other, record["all"]):
        np.testing.assert_allclose(found["interval"], wilson(found["right"], found["votes"]), rtol=1e-9)
    assert record["about"] == {"seed": 3} and json.loads(json.dumps(record, allow_nan=False)) == record
    lines = votes.table(record).splitlines()
    assert [line.split()[0] for line in lines] == ["who", "Ada", "b", "all", "50%"]
    assert "66.7%  30.0% to 90.3%" in lines[1]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random, key = np.random.default_rng(0), {**KEY, "real": [True, False] * 50}
    held = 0
    for _ in range(400):
        right = random.random(100) < 0.7
        said = np.where(right, key["real"], ~np.array(key["real"]))
        low, high = votes.count([votes.Votes("v", "", np.arange(100), said, np.ones(100))], key)["all"]["interval"]
        held += low <= 0.7 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_votes_on_one_kind_only_have_no_share_of_the_other(tmp_path):
    record = votes.count(votes.read([saved(tmp_path / "a.json", "rr", images=[0, 2])], KEY), KEY)
    assert record["all"]["generated_called_real"] is None and record["all"]["real_called_generated"] == 0.0
    assert " - " in votes.table(record)


@pytest.mark.parametrize("wrong, told", [
    ({"page": "q" * 12}, "a.json' holds votes on the page q+, and this is p+; name their page with --output"),
    ({"said": "r?"}, "has votes that the page does not know"),
    ({"images": [0, 6]}, "has votes that the page does not know"),
    ({"images": [0, -1]}, "has votes that the page does not know"),
    ({"images": [0, True]}, "has votes that the page does not know"),
    ({"images": [2, 2]}, "has two votes on one image"),
    ({"said": ""}, "holds no votes"),
])
def test_what_is_no_file_of_votes_is_one_sentence(tmp_path, wrong, told):
    path = saved(tmp_path / "a.json", **{"said": "rg", **wrong})
    with pytest.raises(EvaluationError, match=told) as error:
        votes.read([path], KEY)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"page": "x", "voter": 1, "name": "", "votes": [1]}', "null"])
def test_neither_is_any_other_file(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    for path in (tmp_path / "a.json", tmp_path / "none.json", tmp_path):
        with pytest.raises(EvaluationError, match="holds no votes"):
            votes.read([path], KEY)


def test_one_person_counts_once(tmp_path):
    paths = [saved(tmp_path / "a.json", "rg"), saved(tmp_path / "b.json", "rgr")]
    with pytest.raises(EvaluationError, match="b.json' holds votes of a person whose votes are there already"):
        votes.read(paths, KEY)
    with pytest.raises(EvaluationError, match="there are no votes to count"):
        votes.count([], KEY)
