"""PyTorch eager, written as its DCGAN example is: one fake batch for both turns, detached in D's."""

import numpy as np
import pace
import torch
from torch import nn


def generator():
    return nn.Sequential(
        nn.Linear(100, 7 * 7 * 128, bias=False), nn.Unflatten(1, (128, 7, 7)),
        nn.BatchNorm2d(128), nn.ReLU(True),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64), nn.ReLU(True),
        nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh())


def discriminator():
    return nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2, True),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128), nn.LeakyReLU(0.2, True),
        nn.Flatten(), nn.Linear(7 * 7 * 128, 1))


def main():
    asked = pace.settings()
    torch.set_num_threads(asked.threads)
    images = torch.from_numpy(np.load(asked.images)).permute(0, 3, 1, 2).contiguous()
    g, d = generator(), discriminator()
    d_optimizer, g_optimizer = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (d, g))
    entropy, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(64, 1), torch.zeros(64, 1)

    def step():
        real = images[torch.randint(len(images), (64,))].float() / 127.5 - 1.0
        d.zero_grad()
        entropy(d(real), ones).backward()
        fake = g(torch.randn(64, 100))
        entropy(d(fake.detach()), zeros).backward()
        d_optimizer.step()
        g.zero_grad()
        entropy(d(fake), ones).backward()
        g_optimizer.step()

    parameters = {name: sum(p.numel() for p in net.parameters()) for name, net in {"g": g, "d": d}.items()}
    ended = pace.Pace(parameters, {"torch": torch.__version__})
    while True:
        for _ in range(asked.steps):
            step()
        ended()


if __name__ == "__main__":
    main()
