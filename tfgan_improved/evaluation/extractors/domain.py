"""A classifier trained on the data set itself, as the eyes of its scores."""

import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.extractors import shared
from tfgan_improved.evaluation.image_set import check_images


class DomainClassifier:
    """A classifier trained on the data set itself; `features` is its last hidden layer.

    Called with uint8 (n, h, w, c) of its data set's shape. `about` goes into the passport: accuracy on the test split,
    hash of the recipe, of the data. EvaluationError for other images. Its scores are no Inception scores and are never
    ranked with them.
    """

    resize = "none"

    def __init__(self, network, data, about, batch_size=500):
        slug = shared.slug_of(data)
        self.name, self.about, self.network, self.batch_size = f"{slug}_cnn", dict(about), network, batch_size
        self.names = {"classifier_score": "classifier_score"}
        self.hash = shared.weights_hash(network.get_weights())
        self._run = tf.function(lambda images: network(images, training=False), reduce_retracing=True, autograph=False)

    def __call__(self, images):
        check_images(images)
        if images.shape[1:] != self.network.input_shape[1:]:
            raise EvaluationError(f"{self.name} was trained on images of shape {self.network.input_shape[1:]}; "
                                  f"received {images.shape[1:]}; give images of that shape")
        return shared.in_batches(self._run, images, self.batch_size)
