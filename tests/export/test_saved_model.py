"""The exported generator, in a process that has only TensorFlow."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.export import Sampler, export_saved_model
from tfgan_improved.layers import BatchNorm, SpectralNorm
from tfgan_improved.networks import NETWORKS
from tfgan_improved.ops import LATENTS

ALONE = """
import sys
sys.modules["keras"] = sys.modules["tfgan_improved"] = None  # importing them would fail
import numpy as np
import tensorflow as tf

arrays = {}
for name in sys.argv[2:]:
    loaded = tf.saved_model.load(f"{sys.argv[1]}/{name}")
    arrays[f"{name}/endpoints"] = sorted(loaded.signatures)
    numbers = dict(count=tf.constant(70), seed=tf.constant(3, tf.int64), truncation=tf.constant(0.0))
    for key, value in loaded.signatures["sample"](**numbers).items():
        arrays[f"{name}/{key}"] = value
    arrays[f"{name}/truncated"] = loaded.signatures["sample"](**{**numbers, "truncation": tf.constant(0.5)})["images"]
    arrays[f"{name}/direct"] = loaded.sample(*numbers.values())["images"]
    z, labels = tf.ones((5, 4)), tf.constant([0, 1, 2, 1, 0])
    if "sample_labels" in loaded.signatures:
        made = loaded.signatures["sample_labels"](labels=labels, seed=numbers["seed"], truncation=tf.constant(0.0))
        arrays[f"{name}/of labels"] = made["images"]
        arrays[f"{name}/served"] = loaded.signatures["serving_default"](z=z, labels=labels)["images"]
    else:
        arrays[f"{name}/served"] = loaded.signatures["serving_default"](z=z)["images"]
np.savez(f"{sys.argv[1]}/arrays.npz", **arrays)
"""


@pytest.fixture(scope="module")
def samplers():
    keras.utils.set_random_seed(0)
    dcgan, mlp = NETWORKS.make("dcgan:width=4"), NETWORKS.make("mlp:width=8,depth=2")
    samplers = {
        "plain": Sampler(dcgan.generator((8, 8, 1), 4, norm=BatchNorm, wrap=SpectralNorm), LATENTS.make("normal:4")),
        "conditional": Sampler(dcgan.generator((8, 8, 3), 4, classes=3, norm=BatchNorm), LATENTS.make("normal:4"), 3),
        "points": Sampler(mlp.generator((2,), 4), LATENTS.make("uniform:4")),
    }
    for sampler in samplers.values():  # the first weights of a DCGAN give grey images
        sampler.generator.set_weights([5 * weight for weight in sampler.generator.get_weights()])
    return samplers


@pytest.fixture(scope="module")
def exported(samplers, tmp_path_factory):
    """(folder of the exports, what a process with only TensorFlow made of them)."""
    folder = tmp_path_factory.mktemp("exports")
    for name, sampler in samplers.items():
        export_saved_model(sampler, folder / name, {"name": name})
    subprocess.run([sys.executable, "-c", ALONE, str(folder), *samplers], check=True, timeout=240, cwd=folder,
                   env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    with np.load(folder / "arrays.npz") as arrays:
        return folder, dict(arrays)


@pytest.mark.parametrize("name", ["plain", "conditional", "points"])
def test_the_same_seed_gives_the_same_images(samplers, exported, name):
    sampler, arrays, seed = samplers[name], exported[1], tf.constant(3, tf.int64)
    want = sampler.sample(tf.constant(70), seed, tf.constant(0.0))
    for key in want:
        np.testing.assert_array_equal(arrays[f"{name}/{key}"], want[key])
    np.testing.assert_array_equal(arrays[f"{name}/direct"], want["images"])
    truncated = sampler.sample(tf.constant(70), seed, tf.constant(0.5))["images"]
    np.testing.assert_array_equal(arrays[f"{name}/truncated"], truncated)
    assert (truncated.numpy() != want["images"].numpy()).mean() > 0.5
    assert want["images"].numpy().std() > 0.5
    assert arrays[f"{name}/images"].dtype == (np.float32 if name == "points" else np.uint8)


@pytest.mark.parametrize("name", ["plain", "conditional", "points"])
def test_serving_gives_float_images_of_z(samplers, exported, name):
    labels = [tf.constant([0, 1, 2, 1, 0])] if name == "conditional" else []
    want = samplers[name].generate(tf.ones((5, 4)), *labels)
    np.testing.assert_allclose(exported[1][f"{name}/served"], want, atol=1e-6)
    assert want.dtype == tf.float32


def test_endpoints(exported, samplers):
    arrays = exported[1]
    assert list(arrays["plain/endpoints"]) == list(arrays["points/endpoints"]) == ["sample", "serving_default"]
    assert list(arrays["conditional/endpoints"]) == ["sample", "sample_labels", "serving_default"]
    labels = tf.constant([0, 1, 2, 1, 0])
    want = samplers["conditional"].sample_labels(labels, tf.constant(3, tf.int64), tf.constant(0.0))["images"]
    np.testing.assert_array_equal(arrays["conditional/of labels"], want)
    assert set(np.unique(arrays["conditional/labels"])) == {0, 1, 2}


def test_what_is_known_about_it_lies_beside_it(exported):
    assert json.loads((exported[0] / "plain/about.json").read_text()) == {"name": "plain"}


def test_an_older_export_is_replaced_whole(samplers, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export/stale").write_text("")
    export_saved_model(samplers["points"], tmp_path / "export", {"step": 1})
    assert os.listdir(tmp_path) == ["export"]
    assert "stale" not in os.listdir(tmp_path / "export") and "saved_model.pb" in os.listdir(tmp_path / "export")


def test_a_failed_export_leaves_the_older_one(samplers, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export/older").write_text("")
    with pytest.raises(TypeError):
        export_saved_model(samplers["points"], tmp_path / "export", {"step": object()})
    assert os.listdir(tmp_path / "export") == ["older"]
