"""Features of torchvision's InceptionV3 with its batch norms folded, channels last, in float32 and bfloat16."""

import argparse
import sys
import types

import numpy as np
import pace
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval


def settings():
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", required=True, choices=["plain", "folded", "bfloat16"])
    for name in ("rows", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


def network():
    """torchvision's InceptionV3 without the second classifier."""
    # It registers operations for detection, which the wheel for CUDA has not beside a PyTorch without CUDA.
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    import torchvision

    made = torchvision.models.inception_v3(weights=None, aux_logits=True, init_weights=False)
    made.AuxLogits = None
    return made.eval(), torchvision.__version__


def folded(made):
    for module in made.modules():
        if hasattr(module, "conv") and hasattr(module, "bn"):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), torch.nn.Identity()
    return made


def main():
    asked = settings()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    made, version = network()
    parameters = sum(value.numel() for value in made.parameters())
    if asked.form != "plain":
        made = folded(made)
    dtype = torch.bfloat16 if asked.form == "bfloat16" else torch.float32
    made = made.to(dtype=dtype, memory_format=torch.channels_last)
    features = []
    made.avgpool.register_forward_hook(lambda module, inputs, output: features.append(output))
    images = np.random.RandomState(0).randint(0, 256, (asked.rows, 32, 32, 3)).astype(np.uint8)

    @torch.inference_mode()
    def step():
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        x = torch.nn.functional.interpolate(x, (299, 299), mode="bilinear") / 127.5 - 1.0
        features.clear()
        return made(x.to(dtype=dtype, memory_format=torch.channels_last)).float().numpy(), features[0].float().numpy()

    step()
    ended = pace.Pace({"inception": parameters}, {"torch": torch.__version__, "torchvision": version})
    while True:
        for _ in range(asked.steps):
            step()
        ended()


if __name__ == "__main__":
    main()
