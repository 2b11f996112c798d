"""50,000 samples against 50,000 real images at 2,048 features and 1,008 logits, in a process of its own."""

import os
import subprocess
import sys
import textwrap

import pytest

SCORING = textwrap.dedent("""
    import resource
    import numpy as np
    import tensorflow as tf
    from tfgan_improved.evaluation import evaluate, image_set
    from tfgan_improved.evaluation.extractors import inception, shared

    random = np.random.RandomState(0)
    project, classify = (tf.constant(random.randn(*shape).astype("f4") / 20) for shape in ((192, 2048), (2048, 1008)))

    class Projection:
        name, hash, resize, about, names = "inception", "0123", "none", {}, inception.NAMES

        def __call__(self, images):
            return shared.in_batches(self.run, images, 500)

        @tf.function(input_signature=[tf.TensorSpec((None, 8, 8, 3), tf.uint8)])
        def run(self, images):
            features = tf.nn.relu(tf.reshape(tf.cast(images, tf.float32) / 64 - 2, (-1, 192)) @ project)
            return {"features": features, "logits": features @ classify}

    def images(seed, hash):
        def read(count, _):
            random = np.random.RandomState(seed)
            for start in range(0, count, 1000):
                yield random.randint(0, 200 + seed, (min(1000, count - start), 8, 8, 3)).astype("u1"), None
        return image_set.ImageSet(f"set{seed}", (8, 8, 3), 50_000, read, {}, lambda: hash)

    record = evaluate.evaluate_images(images(1, ""), images(2, "kept"), None, Projection(),
                                      "classifier_score frechet kernel", count=50_000)
    assert record["passport"]["samples"] == record["passport"]["real"] == 50_000
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, sorted(record["scores"]))
""")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kibibytes on Linux only")
def test_fifty_thousand_samples_take_less_than_two_and_a_half_gibibytes(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCORING], capture_output=True, text=True, timeout=1100,
                          env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TFGAN_IMPROVED_CACHE": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    size, names = done.stdout.split(" ", 1)
    assert "'fid'" in names and "'kid'" in names
    assert float(size) < 2.5
    kept, = (tmp_path / "statistics").iterdir()
    assert kept.stat().st_size > 50_000 * (2048 + 1008) * 4  # of the real images, written without a copy in memory
