"""The GAN model, its step, and what drives it: loop, strategies, checkpoints, callbacks."""

from tfgan_improved.spec import shelf

__getattr__, __dir__, __all__ = shelf(__name__, "gan:GAN", "player:Player", "player:two_players", "view:View",
                                      "optimizers:FusedAdam")
