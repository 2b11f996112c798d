"""Diversity regularization: units of a layer that resemble each other are pushed apart."""

import numbers

import keras

from tfgan_improved.ops import correlations
from tfgan_improved.regularizers import kernel_regularizer


@keras.saving.register_keras_serializable("tfgan_improved")
class Diversity(kernel_regularizer.KernelRegularizer):
    """factor * leading * sum_{i != j} M_ij Omega_ij^2 of a kernel seen as W (inputs, units), a scalar >= 0.

    Omega_ij is the cosine of the angle between the weights of the units i and j: the columns of W divided by their
    lengths, sqrt(|w|^2 + epsilon). M_ij = 1 where |Omega_ij| >= tau, else 0, and it is constant for the gradient. With
    tau = 0 all units are pushed to be orthogonal; a larger one leaves pairs alone that are somewhat alike. Both signs
    count, lengths do not, so under spectral or weight norm it is the same for the raw kernel. `leading` of 1/2 counts
    each pair once; 1 counts it twice. A kernel with one unit costs nothing. Computed in at least float32.
    `output_axis` is the kernel's axis of units: -1, for a transposed convolution -2; 0 compares an Embedding's rows.
    ValueError unless 0 <= tau <= 1, epsilon > 0 and the others are >= 0, and for a kernel of rank 1.
    Source: Ayinde et al. 2019, arXiv:1901.10824, section 3 (DiReAL); `leading` and epsilon are not in its text.
    """

    def __init__(self, tau=0.5, factor=1.0, output_axis=-1, leading=0.5, epsilon=1e-12):
        super().__init__(output_axis)
        real = all(isinstance(value, numbers.Real) for value in (tau, factor, leading, epsilon))
        # Without an epsilon a unit of zeros would have NaN for its gradient.
        if not real or not 0 <= tau <= 1 or not factor >= 0 or not leading >= 0 or not epsilon > 0:
            raise ValueError("Diversity needs tau from 0 to 1, factor and leading of at least 0 and epsilon above 0; "
                             f"received tau={tau!r}, factor={factor!r}, leading={leading!r}, epsilon={epsilon!r}")
        self.tau, self.factor, self.leading, self.epsilon = tau, factor, leading, epsilon

    def of_matrix(self, w):
        return self.factor * self.leading * correlations.squares_above(w, self.tau, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "tau": self.tau, "factor": self.factor, "leading": self.leading,
                "epsilon": self.epsilon}
