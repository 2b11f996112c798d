"""Lower bounds of mutual information, from what a statistics network T says of pairs.

`joint` are T's values on pairs (x, z) that belong together, `marginal` on pairs whose z belongs to another x; any
shapes, at least one value each. Bounds are float32 scalars in nats, means over the batch of all replicas.
"""

import math

import tensorflow as tf

from tfgan_improved.ops import replicas

HIGHEST = 80.0  # exponent that float32 holds, with room for a gradient

def log_mean_exp(values):
    """log E[exp(values)] over all values of all replicas, a scalar; differentiable, and no exponential overflows."""
    values = tf.reshape(tf.cast(values, tf.float32), [-1])
    mine = tf.reduce_logsumexp(values) - tf.math.log(tf.cast(tf.size(values), tf.float32))
    return tf.reduce_logsumexp(replicas.gathered(mine)) - math.log(replicas.count())


def donsker_varadhan(joint, marginal, log_mean=None):
    """E[T(x, z)] - log E[exp T(x, z')], at most I(X; Z) where both means are exact.

    A batch's gradient of the logarithm is biased, for its denominator E[exp T] is the batch's own. With `log_mean`, the
    logarithm of a running mean of it (`running_log_mean`), the gradient is E[dT(x, z)] - E[dT exp T(x, z')] / mean;
    the value stays that of the bound. Source: Belghazi et al. 2018, arXiv:1801.04062, sections 3.1 and 3.2.
    """
    log_of = log_mean_exp(marginal)
    if log_mean is not None:  # d log E[exp T] = E[dT exp T] / E[exp T], so its share changes the denominator
        share = tf.exp(tf.minimum(log_of - log_mean, HIGHEST))
        fixed = tf.stop_gradient(log_of)
        log_of = fixed + tf.stop_gradient(share) * (log_of - fixed)  # what is multiplied is 0 but for its gradient
    return _mean(joint) - log_of


def f_divergence(joint, marginal, log_mean=None):
    """E[T(x, z)] - E[exp(T(x, z') - 1)], at most I(X; Z); its gradient on a batch has no bias to correct.

    It is looser than `donsker_varadhan` for the same T, and infinite in float32 where a mean of exponentials is above
    exp(88). `log_mean` is taken so that both bounds are called alike, and not used.
    Source: Belghazi et al. 2018, arXiv:1801.04062, section 3.1 (MINE-f); Nguyen et al. 2010, arXiv:0809.0853.
    """
    return _mean(joint) - tf.exp(log_mean_exp(marginal) - 1.0)


def running_log_mean(before, now, turns, rate):
    """log m_t of m_t = (1 - a) m_{t-1} + a exp(now), a = max(rate, 1 / t), from `before`, which is log m_{t-1}.

    `now` is a batch's log E[exp T] and t = `turns` counts from 1, so that the first value is forgotten: m_t is the mean
    of all batches until t = 1 / rate. Logarithms in and out: nothing overflows.
    """
    a = tf.maximum(rate, 1.0 / tf.cast(turns, tf.float32))
    rest = tf.math.log1p(-tf.minimum(a, 0.999999))
    both = tf.reduce_logsumexp(tf.stack([before + rest, now + tf.math.log(a)]))
    return tf.stop_gradient(tf.where(a < 1.0, both, now))


def _mean(values):
    return replicas.mean(tf.reduce_mean(tf.cast(values, tf.float32)))


BOUNDS = {"donsker_varadhan": donsker_varadhan, "f_divergence": f_divergence}
