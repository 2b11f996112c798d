"""PyTorch eager, or with --half under its autocast: SN-DCGAN, one fake batch for both turns, detached in D's."""

import numpy as np
import pace
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


def generator():
    layers, widths = [nn.Linear(128, 4 * 4 * 512), nn.Unflatten(1, (512, 4, 4)), nn.BatchNorm2d(512), nn.ReLU(True)], (
        512, 256, 128, 64)
    for before, after in zip(widths, widths[1:]):
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.Conv2d(64, 3, 3, 1, 1), nn.Tanh())


def discriminator():
    layers, widths = [], (3, 64, 64, 128, 128, 256, 256, 512)
    for index, (before, after) in enumerate(zip(widths, widths[1:])):
        size, stride = (4, 2) if index % 2 else (3, 1)
        layers += [spectral_norm(nn.Conv2d(before, after, size, stride, 1)), nn.LeakyReLU(0.1, True)]
    return nn.Sequential(*layers, nn.Flatten(), spectral_norm(nn.Linear(4 * 4 * 512, 1)))


def main():
    asked = pace.settings()
    torch.set_num_threads(asked.threads)
    images = torch.from_numpy(np.load(asked.images)).permute(0, 3, 1, 2).contiguous()
    g, d = generator(), discriminator()
    d_optimizer, g_optimizer = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (d, g))
    entropy, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(64, 1), torch.zeros(64, 1)

    def run(net, x):
        with torch.autocast("cpu", torch.bfloat16, enabled=asked.half):
            return net(x).float()

    def step():
        real = images[torch.randint(len(images), (64,))].float() / 127.5 - 1.0
        d.zero_grad()
        entropy(run(d, real), ones).backward()
        fake = run(g, torch.randn(64, 128))
        entropy(run(d, fake.detach()), zeros).backward()
        d_optimizer.step()
        g.zero_grad()
        entropy(run(d, fake), ones).backward()
        g_optimizer.step()

    parameters = {name: sum(p.numel() for p in net.parameters()) for name, net in {"g": g, "d": d}.items()}
    ended = pace.Pace(parameters, {"torch": torch.__version__})
    while True:
        for _ in range(asked.steps):
            step()
        ended()


if __name__ == "__main__":
    main()
