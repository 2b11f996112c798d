"""Stateless tensor mathematics: noise, latents, power iteration."""

from tfgan_improved.spec import Table, shelf

LATENTS = Table(__name__, "latent", {"normal": "latents:Normal", "uniform": "latents:Uniform"})

__getattr__, __dir__, __all__ = shelf(__name__, *LATENTS.names.values())
