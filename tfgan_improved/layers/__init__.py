"""Layers, and wrappers of layers. `NORMS`, `WRAPS` and `HEADS` hold those that flags name."""

from tfgan_improved.spec import Table, shelf

SYNCHRONIZED = "it is called 'batch' here, which is synchronized over replicas"
NORMS = Table(__name__, "norm", {"batch": "batch_norm:BatchNorm", "layer": "layer_norm:LayerNorm",
                                 "instance": "instance_norm:InstanceNorm",
                                 "virtual": "virtual_batch_norm:VirtualBatchNorm",
                                 "cross_batch": "cross_batch_norm:CrossBatchNorm"},
              elsewhere=dict.fromkeys(("sync", "sync_batch", "synchronized", "synchronized_batch"), SYNCHRONIZED))
WRAPS = Table(__name__, "wrap", {"spectral": "spectral_norm:SpectralNorm", "weight": "weight_norm:WeightNorm"})
HEADS = Table(__name__, "head", {"minibatch_discrimination": "minibatch_discrimination:MinibatchDiscrimination",
                                 "minibatch_halves": "minibatch_halves:MinibatchHalves"})

__getattr__, __dir__, __all__ = shelf(
    __name__, *NORMS.names.values(), *WRAPS.names.values(), *HEADS.names.values(),
    "class_table:ClassTable", "class_vectors:ClassVectors", "closeness_head:ClosenessHead",
    "conditional_norm:ConditionalNorm", "dropout:Dropout", "gaussian_noise:GaussianNoise", "global_sum:GlobalSum",
    "kernel_wrapper:KernelWrapper", "leaky_relu:LeakyReLU", "log_sum_exp:LogSumExp", "orthogonal:Orthogonal",
    "part:Part", "resampled_convolution:PooledConv2D", "resampled_convolution:UpConv2D", "self_attention:SelfAttention",
    "spectral_norm:SpectralNormalization", "thin_convolution:ImageConv2D", "thin_convolution:ImageConv2DTranspose")
