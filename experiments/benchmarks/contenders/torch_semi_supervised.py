"""PyTorch eager, semi-supervised MNIST as the released code of arXiv:1606.03498 has it: three passes of D, then G's."""

import numpy as np
import pace
import torch
from torch import nn
from torch.nn import functional

WIDTHS = (784, 1000, 500, 250, 250, 250, 10)


class Noise(nn.Module):
    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        return x + self.deviation * torch.randn_like(x)


class WeightNormed(nn.Module):
    """Dense with the columns of its kernel scaled to g; g is trained where `trained`."""

    def __init__(self, inputs, units, trained=False):
        super().__init__()
        self.kernel = nn.Parameter(0.1 * torch.randn(inputs, units))
        self.bias = nn.Parameter(torch.zeros(units))
        self.g = nn.Parameter(torch.ones(units), requires_grad=trained)

    def forward(self, x):
        return x @ (self.kernel * (self.g / self.kernel.square().sum(0).sqrt())) + self.bias


class Shift(nn.Module):
    """Batch norm with a bias and no scale."""

    def __init__(self, units):
        super().__init__()
        self.norm = nn.BatchNorm1d(units, eps=1e-6, affine=False)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x):
        return self.norm(x) + self.bias


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        hidden = [part for index in range(5) for part in (
            Noise(0.5 if index else 0.3), WeightNormed(*WIDTHS[index:index + 2]), nn.ReLU())]
        self.body, self.last = nn.Sequential(*hidden), nn.Sequential(Noise(0.5), WeightNormed(250, 10, trained=True))

    def forward(self, x):
        features = self.body(x)
        return self.last(features), features


def generator():
    return nn.Sequential(nn.Linear(100, 500, bias=False), Shift(500), nn.Softplus(),
                         nn.Linear(500, 500, bias=False), Shift(500), nn.Softplus(),
                         WeightNormed(500, 784, trained=True), nn.Sigmoid())


def main():
    asked = pace.settings()
    torch.set_num_threads(asked.threads)
    images = torch.from_numpy(np.load(asked.images)).flatten(1)
    labels = torch.arange(100) % 10  # which images they belong to does not matter for the time
    g, d = generator(), Discriminator()
    d_optimizer, g_optimizer = (torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=3e-3,
                                                 betas=(0.5, 0.999)) for net in (d, g))

    def some(count):
        return images[torch.randint(count, (100,))].float() / 255.0

    def step():
        d_optimizer.zero_grad()
        labeled, unlabeled = d(some(100))[0], torch.logsumexp(d(some(len(images)))[0], 1)
        fake = torch.logsumexp(d(g(torch.rand(100, 100)).detach())[0], 1)
        unsupervised = 0.5 * functional.softplus(-unlabeled).mean() + 0.5 * functional.softplus(fake).mean()
        (functional.cross_entropy(labeled, labels) + unsupervised).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        with torch.no_grad():
            real = d(some(len(images)))[1].mean(0)
        (real - d(g(torch.rand(100, 100)))[1].mean(0)).square().mean().backward()
        g_optimizer.step()

    parameters = {name: sum(p.numel() for p in net.parameters() if p.requires_grad)
                  for name, net in {"g": g, "d": d}.items()}
    ended = pace.Pace(parameters, {"torch": torch.__version__})
    while True:
        for _ in range(asked.steps):
            step()
        ended()


if __name__ == "__main__":
    main()
