"""The GAN model, its step, and what drives it: loop, strategies, checkpoints, callbacks."""

from tfgan_improved.spec import Table, shelf

DEALS = Table(__name__, "deal", {"shared": "deals:Shared", "apart": "deals:Apart"})
OPTIMIZERS = Table(__name__, "optimizer", {"adam": "optimizers:FusedAdam", "root_adam": "optimizers:RootAdam"},
                   wired={"learning_rate", "beta_1", "beta_2"})

__getattr__, __dir__, __all__ = shelf(__name__, "gan:GAN", "player:Player", "player:two_players", "view:View",
                                      *DEALS.names.values(), *OPTIMIZERS.names.values())
