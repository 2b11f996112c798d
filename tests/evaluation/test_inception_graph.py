"""The frozen graph of 2015, on a stand-in with its names, shapes and old operations, against TensorFlow 1's session."""

import hashlib
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.evaluation import EXTRACTORS, EvaluationError, extractors
from tfgan_improved.evaluation.extractors import frozen_graph, inception_graph
from tfgan_improved.spec import SpecError

pytestmark = pytest.mark.filterwarnings("ignore:.*its SHA-256 is not that of")


def uint8(*shape, seed=0):
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)


def in_session(graph, images, *names):
    """What the graph as it is gives for one image after the other: it was frozen with a batch of 1."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.graph_util.import_graph_def(graph, name="")
        parts = [session.run([f"{name}:0" for name in names], {"ExpandDims:0": image[None].astype("f4")})
                 for image in images]
    return [np.concatenate(part) for part in zip(*parts)]


def run(graph, images, name):
    """The output of a graph that was cut, in a function."""
    return tf.function(lambda x: tf.graph_util.import_graph_def(graph, {"ExpandDims:0": x}, [f"{name}:0"], name="")[0])(
        tf.constant(images, tf.float32)).numpy()


@pytest.fixture(scope="module")
def extractor(graph_file):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inception_graph.InceptionGraphExtractor(graph_file, batch_size=4)


def test_features_and_logits_are_those_of_the_graph_as_it_is_without_the_bias(extractor, graph_file):
    images, graph = uint8(3, 40, 30, 3), frozen_graph.read(graph_file)
    images[1:] //= 4
    pool, product, logits = in_session(graph, images, "pool_3", "softmax/logits/MatMul", "softmax/logits")
    got = extractor(images)
    assert got["features"].shape == (3, 2048) and got["logits"].shape == (3, 1008)
    assert got["features"].dtype == got["logits"].dtype == np.float32
    np.testing.assert_allclose(got["features"], pool[:, 0, 0], rtol=1e-5, atol=1e-5 * pool.max())
    np.testing.assert_allclose(got["logits"], product, rtol=1e-5, atol=1e-5 * np.abs(product).max())
    assert np.abs(got["logits"] - logits).max() > 1.0  # the bias is far from 0
    assert pool.std(axis=0).max() > 0.05  # what is compared depends on the images


def test_the_batch_changes_nothing(extractor, graph_file):
    images = uint8(9, 20, 20, 3)
    together = inception_graph.InceptionGraphExtractor(graph_file, batch_size=100)(images)
    for got in (extractor(images), {name: np.concatenate([extractor(images[k:k + 1])[name] for k in range(9)])
                                    for name in together}):
        for name, values in together.items():
            np.testing.assert_allclose(got[name], values, rtol=1e-5, atol=1e-5 * np.abs(values).max())


def test_the_resize_is_that_of_tensorflow_1(graph_file):
    """Output i looks at i * in / out, without the half pixel that tf.image.resize adds."""
    image = uint8(6, 5, 3).astype(np.float64)

    def matrix(n):
        at = np.arange(299) * n / 299
        low, rows = at.astype(int), np.arange(299)
        weights = np.zeros((299, n))
        weights[rows, low] += 1 - (at - low)
        weights[rows, np.minimum(low + 1, n - 1)] += at - low
        return weights

    want = (np.einsum("yi,xj,ijc->yxc", matrix(6), matrix(5), image) - 128) / 128
    got = run(frozen_graph.cut(frozen_graph.read(graph_file), "ExpandDims", "Mul"), image[None], "Mul")[0]
    np.testing.assert_allclose(got, want, atol=1e-5)
    assert np.abs(got - (tf.image.resize(image, (299, 299)).numpy() - 128) / 128).max() > 0.01


@pytest.mark.parametrize("scaled", [False, True])
def test_a_norm_that_no_convolution_can_take_in_becomes_a_product(nodes, scaled):
    make = nodes()
    x = make.normed("conv", make.image(), (3, 3), (3, 4), (1, 149, 149, 4), stride=2)
    make.norm("twice", x, "conv/batchnorm", scaled)  # of a ReLU
    make.add("shared/Conv2D", "Conv2D", "Mul", "conv/conv2d_params", strides=[1, 2, 2, 1], padding="VALID")
    make.norm("shared", "shared/Conv2D", "conv/batchnorm", scaled)  # of a kernel that two convolutions use
    make.add("sum", "Add", "twice", "shared")
    images = uint8(1, 9, 9, 3)
    want, = in_session(make.graph, images, "sum")
    graph = frozen_graph.cut(make.graph, "ExpandDims", "sum")
    frozen_graph.fold_norms(graph)
    assert sum(node.op == "Mul" for node in graph.node) == 4  # the image's, and one for each norm
    np.testing.assert_allclose(run(graph, images, "sum"), want, rtol=1e-4, atol=1e-4)


def test_norms_go_into_the_convolutions_of_the_graph(graph_file):
    graph = frozen_graph.cut(frozen_graph.read(graph_file), "ExpandDims", "pool_3")
    frozen_graph.fold_norms(graph)
    kinds = [node.op for node in graph.node]
    assert frozen_graph.OLD_NORM not in kinds and kinds.count("BiasAdd") == 4 and kinds.count("Mul") == 1
    assert not any(node.op in ("CheckNumerics", "DecodeJpeg", "MatMul") for node in graph.node)


def test_grey_images_are_given_to_all_channels(extractor):
    grey = uint8(2, 16, 16, 1)
    np.testing.assert_array_equal(extractor(grey)["features"], extractor(np.repeat(grey, 3, axis=3))["features"])


def test_scores_have_the_names_of_the_papers(extractor):
    names = [extractors.name_of(extractor, short) for short in ("classifier_score", "fd", "kd", "kd_std", "precision")]
    assert names == ["inception_score", "fid", "kid", "kid_std", "precision_inception_graph"]


def test_another_hash_is_a_warning_that_the_passport_keeps(graph_file, monkeypatch):
    with pytest.warns(UserWarning, match="its SHA-256 is not that of classify_image_graph_def.pb, 009d6814d1bc"):
        other = inception_graph.InceptionGraphExtractor(graph_file)
    assert "SHA-256 is not that" in other.about["warning"]
    assert other.hash == hashlib.sha256(graph_file.read_bytes()).hexdigest()
    monkeypatch.setattr(inception_graph, "SHA256", other.hash)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "warning" not in inception_graph.InceptionGraphExtractor(graph_file).about


def test_the_folder_that_the_file_lies_in_will_do(graph_file, extractor):
    assert EXTRACTORS.make(f"inception_graph:{graph_file.parent}", None, None).hash == extractor.hash


@pytest.mark.parametrize("content, message", [
    (None, r"cannot be read \(No such file or directory\); give the path of a frozen graph"),
    (b"no protocol buffer", "is no frozen graph.*get it again"),
    (b"", "has no ExpandDims, pool_3, softmax/logits/MatMul; the graph is classify_image_graph_def.pb in http"),
])
def test_another_file_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "graph.pb").write_bytes(content)
    with pytest.raises(EvaluationError, match=message) as caught:
        inception_graph.InceptionGraphExtractor(tmp_path / "graph.pb")
    assert "\n" not in str(caught.value)


def test_a_graph_with_variables_is_refused(nodes):
    make = nodes()
    make.graph.node.add(name="w", op="VariableV2")
    with pytest.raises(EvaluationError, match="'w' is VariableV2, not a constant; give a graph that is frozen"):
        frozen_graph.constant(frozen_graph.by_name(make.graph), "w")


def test_without_a_path_the_error_says_which_file_it_is():
    with pytest.raises(SpecError, match="--extractor=inception_graph:/path/to/classify_image_graph_def.pb, which is in "
                                        "http://download.tensorflow.org/.*inception-2015-12-05.tgz"):
        EXTRACTORS.make("inception_graph", None, None)


def test_images_of_two_channels_are_refused(extractor):
    with pytest.raises(EvaluationError, match="1 or 3 channels"):
        extractor(uint8(1, 4, 4, 2))
