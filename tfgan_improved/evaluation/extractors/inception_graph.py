"""Inception as the first Inception scores and FIDs were taken with it: the frozen graph of December 2015."""

import pathlib
import warnings

import tensorflow as tf

from tfgan_improved import files
from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.extractors import frozen_graph, shared
from tfgan_improved.evaluation.extractors.inception import NAMES

FILE = "classify_image_graph_def.pb"
ARCHIVE = "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"
# Hugging Face shows it for two copies of the file (Martinser/eval_model, molinamarc/syntheva), and public scripts check
# it when they fetch OpenAI's, https://openaipublic.blob.core.windows.net/diffusion/jul-2021/ref_batches/ and the file's
# name. Its 95,673,916 bytes are those of the file in ARCHIVE; a hash of the archive itself was found nowhere.
SHA256 = "009d6814d1bc560d4e7b236e170e9b2d5ca6f4b57bd8037f6db05776204415c6"
IMAGES, POOL, LOGITS = "ExpandDims", "pool_3", "softmax/logits/MatMul"


def inception_graph(source=None, load=None, path=""):
    """The `InceptionGraphExtractor` of the file `path`, or of the folder it lies in. EvaluationError without one.

    Source: Salimans et al. 2016, arXiv:1606.03498, section 4; Heusel et al. 2017, arXiv:1706.08500, section 4.
    """
    if not path:
        raise EvaluationError("the frozen Inception graph is read from a file; give it as "
                              f"--extractor=inception_graph:/path/to/{FILE}, which is in {ARCHIVE}")
    return InceptionGraphExtractor(path)


class InceptionGraphExtractor:
    """The graph classify_image_graph_def.pb: `pool_3` for FID and KID, and logits without bias for the Inception score.

    Called with uint8 (n, h, w, c), c 1 or 3 (a grey image is given to all three channels); they enter as float32 from
    0 to 255 at the graph's ExpandDims, and the graph's own ResizeBilinear makes them 299 x 299 with the corners that
    TensorFlow 1 had. logits (n, 1008) = pool_3 (n, 2048) W of softmax/logits/MatMul: the first Inception score left
    out the bias. The batch norms are folded into the convolutions, which changes rounding only.
    EvaluationError where the file cannot be had or is another graph; a warning, also in `about`, for another hash.
    Source: openai/improved-gan, inception_score/model.py; bioinf-jku/TTUR, fid.py.
    """

    name, names = "inception_graph", NAMES
    resize = "bilinear to 299 by the graph, TensorFlow 1 (no half-pixel centers)"

    def __init__(self, path, batch_size=32):
        path = pathlib.Path(path).expanduser()
        path = path / FILE if path.is_dir() else path
        graph = frozen_graph.read(path)
        nodes = frozen_graph.by_name(graph)
        missing = [name for name in (IMAGES, POOL, LOGITS) if name not in nodes]
        if missing:
            raise EvaluationError(f"'{path}' has no {', '.join(missing)}; the graph is {FILE} in {ARCHIVE}")
        self.batch_size, self.hash = batch_size, files.digest(path)
        self.about = {"scaling": "by the graph", "logits": "without bias", **_warned(path, self.hash)}
        weights = frozen_graph.constant(nodes, frozen_graph.producer(nodes[LOGITS].input[1]))
        graph = frozen_graph.cut(graph, IMAGES, POOL)
        frozen_graph.fold_norms(graph)

        def extract(images):
            x = shared.in_color(images)
            pool, = tf.graph_util.import_graph_def(graph, {f"{IMAGES}:0": x}, [f"{POOL}:0"], name="")
            features = tf.reshape(pool, (tf.shape(x)[0], weights.shape[0]))
            return {"logits": features @ weights, "features": features}

        self._run = tf.function(extract, input_signature=[shared.IMAGES], autograph=False)

    def __call__(self, images):
        shared.check_color(images)
        return shared.in_batches(self._run, images, self.batch_size)


def _warned(path, found):
    """What a passport says of a file that is not the published one."""
    if found == SHA256:
        return {}
    text = f"its SHA-256 is not that of {FILE}, {SHA256[:12]}...; compare its scores with no others"
    warnings.warn(f"'{path}': {text}", stacklevel=4)
    return {"warning": text}
