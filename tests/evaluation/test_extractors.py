"""Inception through a small stand-in SavedModel of its signature, and what extractors refuse."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EXTRACTORS, EvaluationError, extractors
from tfgan_improved.evaluation.extractors import shared
from tfgan_improved.spec import SpecError


class StandIn(tf.Module):
    """Has the signature of TF-GAN's Inception module: the mean color of each quarter, and logits of it."""

    def __init__(self, outputs=("logits", "pool_3")):
        super().__init__()
        self.outputs = outputs
        self.kernel = tf.Variable(np.random.RandomState(0).randn(12, 5).astype("f4"))

    @tf.function(input_signature=[tf.TensorSpec((None, 299, 299, 3), tf.float32, name="images")])
    def __call__(self, images):
        n, halves = tf.shape(images)[0], (slice(0, 150), slice(150, 299))
        pool = tf.concat([tf.reduce_mean(images[:, y, x], axis=(1, 2)) for y in halves for x in halves], axis=1)
        every = {"logits": pool @ self.kernel, "pool_3": tf.reshape(pool, (n, 1, 1, 12)), "extra": pool}
        return {name: every[name] for name in self.outputs}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("inception") / "stand_in")
    tf.saved_model.save(StandIn(), path)
    return path


@pytest.fixture(scope="module")
def extractor(saved):
    return extractors.InceptionExtractor(saved, batch_size=3)


def uint8(*shape, seed=0):
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def test_inception_gives_what_the_module_gives_for_images_prepared_as_tfgan_does(extractor):
    images = uint8(7, 20, 20, 3)
    resized = tf.image.resize((images.astype("f4") - 128) / 128, (299, 299), method="bilinear")
    want = StandIn()(resized)
    got = extractor(images)
    np.testing.assert_allclose(got["logits"], want["logits"], atol=1e-5)
    np.testing.assert_allclose(got["features"], tf.reshape(want["pool_3"], (7, 12)), atol=1e-5)
    assert got["features"].dtype == got["logits"].dtype == np.float32


def test_a_black_and_a_white_image_span_the_range(extractor):
    features = extractor(np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 255)]).astype(np.uint8))["features"]
    np.testing.assert_allclose(features[0], -1.0, rtol=1e-6)
    np.testing.assert_allclose(features[1], 127 / 128, rtol=1e-6)


def test_a_grey_image_is_given_to_all_three_channels(extractor):
    grey = uint8(2, 16, 16, 1)
    np.testing.assert_array_equal(extractor(grey)["features"], extractor(np.repeat(grey, 3, axis=3))["features"])


def test_batches_do_not_change_what_comes_out(extractor, saved):
    images = uint8(7, 8, 8, 3)
    at_once = extractors.InceptionExtractor(saved, batch_size=100)(images)
    np.testing.assert_allclose(extractor(images)["logits"], at_once["logits"], rtol=1e-5)


def test_images_are_given_in_float32_whatever_the_policy_is(saved):
    """An image of few and near greys: in bfloat16 they would be one."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = extractors.InceptionExtractor(saved)
        got = made(np.array([129, 130, 131], np.uint8).reshape(3, 1, 1, 1))["features"]
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(got[:, 0], np.array([1, 2, 3]) / 128, rtol=1e-5)
    assert made._run.get_concrete_function().structured_outputs["features"].dtype == tf.float32


def test_inception_carries_the_names_of_its_scores_and_a_hash_of_its_files(extractor, saved, tmp_path):
    names = [extractors.name_of(extractor, short) for short in ("classifier_score_std", "fd", "kd", "precision")]
    assert names == ["inception_score_std", "fid", "kid", "precision_inception"]
    other = StandIn()
    other.kernel.assign(other.kernel * 2)
    tf.saved_model.save(other, str(tmp_path / "other"))
    assert extractors.InceptionExtractor(str(tmp_path / "other")).hash != extractor.hash
    assert extractors.InceptionExtractor(saved).hash == extractor.hash
    assert len(extractor.hash) == 64


def test_a_module_with_only_a_serving_signature_works(tmp_path, extractor):
    module = tf.Module()
    module.stand_in = StandIn()
    path = str(tmp_path / "signature")
    tf.saved_model.save(module, path, signatures=module.stand_in.__call__)
    assert not callable(tf.saved_model.load(path))
    images = uint8(2, 8, 8, 3)
    got = extractors.InceptionExtractor(path)(images)
    np.testing.assert_allclose(got["features"], extractor(images)["features"], rtol=1e-5)


def test_a_module_without_the_outputs_is_refused(tmp_path):
    path = str(tmp_path / "poor")
    tf.saved_model.save(StandIn(outputs=("logits", "extra")), path)
    with pytest.raises(EvaluationError, match="has the outputs extra, logits; give one that has logits and pool_3"):
        extractors.InceptionExtractor(path)


def test_a_module_of_another_signature_is_refused(tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec((None,), tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "double"))
    with pytest.raises(EvaluationError, match=r"does not map images float32 \(n, 299, 299, 3\)"):
        extractors.InceptionExtractor(str(tmp_path / "double"))


def test_a_damaged_module_is_refused(tmp_path):
    tf.saved_model.save(StandIn(), str(tmp_path / "broken"))
    (tmp_path / "broken/saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(EvaluationError, match="cannot be loaded.*get it again"):
        extractors.InceptionExtractor(str(tmp_path / "broken"))


def test_without_a_network_the_error_says_how_to_supply_a_local_copy(monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", "/nonexistent")
    with pytest.raises(EvaluationError, match="cannot be fetched.*; where there is a network, fetch https://tfhub.dev/"
                       "tensorflow/tfgan/eval/inception/1.tf-hub-format=compressed, a .tar.gz, unpack it into a folder"
                       ".*--extractor=inception:/path/to") as caught:
        extractors.InceptionExtractor("https://modules.invalid/inception/1")
    assert "\n" not in str(caught.value)


def test_a_path_without_a_module_is_named():
    with pytest.raises(EvaluationError, match="no SavedModel at '/no/such/place'.*--extractor=inception:/path/to"):
        extractors.InceptionExtractor("/no/such/place")


@pytest.mark.parametrize("images, message", [
    (uint8(2, 8, 8, 3).astype("f4"), r"uint8.*received float32 \(2, 8, 8, 3\)"),
    (uint8(8, 8, 3), r"received uint8 \(8, 8, 3\)"),
    (uint8(0, 8, 8, 3), r"n at least 1; received uint8 \(0, 8, 8, 3\)"),
    ([[1, 2]], "received list"),
    (uint8(2, 8, 8, 2), "1 or 3 channels"),
])
def test_other_images_are_refused(extractor, images, message):
    with pytest.raises(EvaluationError, match=message):
        extractor(images)


@pytest.mark.parametrize("name, slug", [
    ("mnist", "mnist"), ("celeb_a_hq/128", "celeb_a_hq_128"), ("folder:/home/me/my cats", "folder_my_cats"),
    ("cifar10:3.*.*", "cifar10_3"),
])
def test_the_names_of_data_sets_become_parts_of_names_of_scores(name, slug):
    assert shared.slug_of(name) == slug


def test_extractors_are_made_from_what_flags_say(saved):
    assert EXTRACTORS.make(f"inception:{saved}", None, None).hash == extractors.InceptionExtractor(saved).hash
    with pytest.raises(SpecError, match="unknown extractor 'vgg'.*nown: classifier, inception, inception_graph, "):
        EXTRACTORS.parse("vgg")
    with pytest.raises(EvaluationError, match="--extractor=classifier:mnist, or hold the images --against"):
        EXTRACTORS.find("classifier")(None, None)
