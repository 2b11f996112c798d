"""Network families: builders of a generator and a discriminator from the shape of an example, never from its data set.

A family is a frozen dataclass with
`generator(shape, latent, classes=0, norm=None, wrap=None)` and
`discriminator(shape, classes=0, norm=None, wrap=None, head=None)`, both giving a functional `keras.Model`.
"""

from tfgan_improved.spec import Table, shelf

NETWORKS = Table(__name__, "network", {"dcgan": "dcgan:DCGAN", "mlp": "mlp:MLP"})

__getattr__, __dir__, __all__ = shelf(__name__, *NETWORKS.names.values())
