"""Network families: builders of a generator and a discriminator from the shape of an example, never from its data set.

A family is a frozen dataclass with
`generator(shape, latent, classes=0, norm=None, wrap=None)` and
`discriminator(shape, classes=0, norm=None, wrap=None, head=None, verdict=None)`, both giving a functional
`keras.Model`. `VERDICTS` are the ends of a discriminator, `STATISTICS` the networks of a third player.
"""

from tfgan_improved.spec import Table, shelf

NETWORKS = Table(__name__, "network", {
    "dcgan": "dcgan:DCGAN", "mlp": "mlp:MLP", "noisy_mlp": "noisy_mlp:NoisyMLP", "noisy_conv": "noisy_conv:NoisyConv",
    "noise_map_dcgan": "noise_map_dcgan:NoiseMapDCGAN", "biggan": "biggan:BigGAN", "sagan": "sagan:SAGAN",
    "sngan_resnet": "sngan_resnet:SNGANResNet", "sndcgan": "sndcgan:SNDCGAN",
    "five_block_dcgan": "five_block_dcgan:FiveBlockDCGAN"})
VERDICTS = Table(__name__, "verdict", {
    "binary": "verdicts:binary", "class_logits": "verdicts:class_logits",
    "explicit_classes": "verdicts:explicit_classes"})
STATISTICS = Table(__name__, "statistics network", {"statistics": "statistics:Statistics"})

__getattr__, __dir__, __all__ = shelf(__name__, *NETWORKS.names.values(), *VERDICTS.names.values(),
                                      *STATISTICS.names.values(), "parts:with_layers",
                                      "reference:carry_reference", "reference:ReferenceNetwork")
