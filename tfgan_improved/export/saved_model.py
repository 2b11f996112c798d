"""Exporting a generator as a SavedModel that needs only TensorFlow."""

import os
import pathlib
import shutil

import tensorflow as tf

from tfgan_improved import files


def export_saved_model(sampler, path, about):
    """Writes `sampler` with the endpoints `serving_default` and `sample` to the folder `path`, replacing it whole.

    serving_default: z (n, d) float32[, labels (n,) int32] -> {"images": float32 in [-1, 1]}.
    sample: count () int32, seed () int64, truncation () float32, 0 for none -> {"images": uint8, "finite": bool, of
    each image[, "labels"]}; points have no "finite".
    sample_labels, of a conditional one: labels (n,) int32, seed, truncation -> the same.
    Its functions `draw_z` and `generate_between` are those of `Sampler`.
    `about` is stored beside it as about.json. Load with `tf.saved_model.load(path)`, not with Keras.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    arguments = sampler.generate.input_signature
    serving = tf.function(lambda *inputs: {"images": sampler.generate(*inputs)}, arguments, autograph=False)
    signatures = {"serving_default": serving, "sample": sampler.sample}
    if sampler.conditional:
        signatures["sample_labels"] = sampler.sample_labels
    tf.saved_model.save(sampler, str(temporary), signatures)
    files.write_json(temporary / "about.json", about)
    files.replace_folder(temporary, path)
