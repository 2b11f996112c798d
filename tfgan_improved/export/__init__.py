"""Shipping a generator: one sampler for pictures, scores and the exported SavedModel."""

from tfgan_improved.spec import shelf

__getattr__, __dir__, __all__ = shelf(__name__, "sampler:Sampler", "saved_model:export_saved_model")
