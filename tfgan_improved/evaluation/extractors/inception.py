"""Inception as TF-GAN scores with it, from TF-GAN's hub module or a local SavedModel of the same signature."""

import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, MissingPackage
from tfgan_improved.evaluation.extractors import shared

TFGAN_INCEPTION = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
SIZE = 299
NAMES = {"classifier_score": "inception_score", "fd": "fid", "fd_infinity": "fid_infinity", "kd": "kid"}
NAMES |= {f"tfgan_{short}": f"tfgan_{full}" for short, full in NAMES.items()}  # by TF-GAN's own functions


def inception(source=None, load=None, module=""):
    """The `InceptionExtractor` of TF-GAN's hub module, or of `module`: a hub handle or the path of a SavedModel.

    Source: Salimans et al. 2016, arXiv:1606.03498, section 4; Heusel et al. 2017, arXiv:1706.08500, section 4.
    """
    return InceptionExtractor(module or TFGAN_INCEPTION)


class InceptionExtractor:
    """An Inception network as TF-GAN scores with: `logits` for the Inception score, `pool_3` for FID and KID.

    `handle` is a TF-Hub handle or the path of a local SavedModel, loaded once, which maps images
    float32 (n, 299, 299, 3) to {"logits": (n, K), "pool_3": (n, f) or (n, 1, 1, f)}. Called with uint8 (n, h, w, c);
    a grey image is given to all three channels, and images are scaled by (x - 128) / 128 and resized bilinearly.
    EvaluationError where it cannot be had or has other outputs.
    Source: TF-GAN 2.1, eval/inception_metrics.py and examples/cifar (util.py, data_provider.py).
    """

    name, resize, names = "inception", "bilinear to 299, half-pixel centers", NAMES

    def __init__(self, handle=TFGAN_INCEPTION, batch_size=32):
        path = _local_path(handle)
        self.batch_size, self.about = batch_size, {"scaling": "(x - 128) / 128"}
        self.hash = shared.folder_hash(path)
        self._loaded, self._function = _load(path)  # the loaded object keeps the variables alive
        self._run = tf.function(self._extract, input_signature=[shared.IMAGES], autograph=False)

    def __call__(self, images):
        shared.check_color(images)
        return shared.in_batches(self._run, images, self.batch_size)

    def _extract(self, images):
        x = tf.image.resize((shared.in_color(images) - 128.0) / 128.0, (SIZE, SIZE))
        outputs = self._function(x)
        return {name: tf.reshape(outputs[key], (tf.shape(x)[0], -1))
                for name, key in (("logits", "logits"), ("features", "pool_3"))}


def _local_path(handle):
    """The folder of a SavedModel: `handle` itself, or where TF-Hub has put what it stands for."""
    hint = (f"where there is a network, fetch {TFGAN_INCEPTION}?tf-hub-format=compressed, a .tar.gz, unpack it into a "
            "folder, which then holds saved_model.pb, and give the folder as --extractor=inception:/path/to/folder")
    if "://" not in handle:
        if tf.saved_model.contains_saved_model(handle):
            return handle
        raise EvaluationError(f"there is no SavedModel at '{handle}'; {hint}")
    try:
        import tensorflow_hub
    except ImportError as error:
        raise MissingPackage(f"TensorFlow Hub cannot be imported ({error}); pip install tensorflow-hub 'setuptools<82',"
                             f" or {hint}") from error
    try:
        return tensorflow_hub.resolve(handle)
    except Exception as error:  # of many kinds: no network, no such module, a proxy's answer
        reason = " ".join(str(error).split()) or type(error).__name__
        raise EvaluationError(f"the Inception module '{handle}' cannot be fetched ({reason}); {hint}") from error


def _load(path):
    """(what keeps it alive, the function images -> dict). EvaluationError unless it has the two outputs."""
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:  # damaged files raise errors of many kinds
        reason = " ".join(str(error).split())
        raise EvaluationError(f"the SavedModel '{path}' cannot be loaded ({reason}); get it again") from error
    function = loaded if callable(loaded) else getattr(loaded, "signatures", {}).get("serving_default")
    try:
        shapes = tf.function(function).get_concrete_function(
            tf.TensorSpec((None, SIZE, SIZE, 3), tf.float32)).structured_outputs
    except Exception as error:  # no function at all, or one with another signature
        raise EvaluationError(f"the SavedModel '{path}' does not map images float32 (n, {SIZE}, "
                              f"{SIZE}, 3) to logits and pool_3; give one that does") from error
    found = sorted(shapes) if isinstance(shapes, dict) else []
    if not {"logits", "pool_3"} <= set(found):
        raise EvaluationError(f"the SavedModel '{path}' has the outputs {', '.join(found) or 'without names'}; "
                              "give one that has logits and pool_3")
    return loaded, function
