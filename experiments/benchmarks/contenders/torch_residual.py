"""PyTorch, the residual pair of W4 written as BigGAN's public PyTorch code is, in float32 or under autocast."""

import contextlib

import numpy as np
import pace
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

WIDTH, CLASSES, SHARED, PART, BATCH = 128, 10, 128, 20, 32


def conv(inputs, outputs, size, bias=True):
    return spectral_norm(nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=bias))


class ConditionalNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(WIDTH, affine=False)
        self.gain, self.bias = (spectral_norm(nn.Linear(SHARED + PART, WIDTH, bias=False)) for _ in range(2))

    def forward(self, x, c):
        return self.norm(x) * (1 + self.gain(c))[:, :, None, None] + self.bias(c)[:, :, None, None]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.theta, self.phi = conv(WIDTH, WIDTH // 8, 1, bias=False), conv(WIDTH, WIDTH // 8, 1, bias=False)
        self.g, self.o = conv(WIDTH, WIDTH // 2, 1, bias=False), conv(WIDTH // 2, WIDTH, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        n, _, h, w = x.shape
        theta = self.theta(x).flatten(2)
        phi, g = (functional.max_pool2d(layer(x), 2).flatten(2) for layer in (self.phi, self.g))
        beta = functional.softmax(torch.bmm(theta.transpose(1, 2), phi), -1)
        return x + self.gamma * self.o(torch.bmm(g, beta.transpose(1, 2)).view(n, -1, h, w))


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = ConditionalNorm(), ConditionalNorm()
        self.conv1, self.conv2, self.side = conv(WIDTH, WIDTH, 3), conv(WIDTH, WIDTH, 3), conv(WIDTH, WIDTH, 1)

    def forward(self, x, c):
        h = functional.interpolate(functional.relu(self.norm1(x, c)), scale_factor=2)
        h = self.conv2(functional.relu(self.norm2(self.conv1(h), c)))
        return h + self.side(functional.interpolate(x, scale_factor=2))


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Embedding(CLASSES, SHARED)
        self.dense = spectral_norm(nn.Linear(PART, 16 * WIDTH))
        self.blocks, self.attention = nn.ModuleList(Up() for _ in range(3)), Attention()
        self.norm, self.last = nn.BatchNorm2d(WIDTH), conv(WIDTH, 3, 3)

    def forward(self, z, labels):
        first, *parts = z.split(PART, 1)
        x, vector = self.dense(first).view(-1, WIDTH, 4, 4), self.shared(labels)
        for index, (block, part) in enumerate(zip(self.blocks, parts)):
            x = block(x, torch.cat([vector, part], 1))
            x = self.attention(x) if index == 1 else x
        return torch.tanh(self.last(functional.relu(self.norm(x))))


class Down(nn.Module):
    def __init__(self, inputs, down, first=False):
        super().__init__()
        self.conv1, self.conv2, self.down, self.first = conv(inputs, WIDTH, 3), conv(WIDTH, WIDTH, 3), down, first
        self.side = conv(inputs, WIDTH, 1) if down else None

    def forward(self, x):
        h = self.conv2(functional.relu(self.conv1(x if self.first else functional.relu(x))))
        if not self.down:
            return h + x
        h = functional.avg_pool2d(h, 2)
        return h + (self.side(functional.avg_pool2d(x, 2)) if self.first else functional.avg_pool2d(self.side(x), 2))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Down(3, True, first=True), Attention(), Down(WIDTH, True), Down(WIDTH, False),
                                    Down(WIDTH, False))
        self.dense, self.table = spectral_norm(nn.Linear(WIDTH, 1)), spectral_norm(nn.Embedding(CLASSES, WIDTH))

    def forward(self, x, labels):
        h = functional.relu(self.blocks(x)).sum((2, 3))
        return (self.dense(h) + (self.table(labels) * h).sum(1, keepdim=True)).float()


def main():
    asked = pace.settings()
    torch.set_num_threads(asked.threads)
    images = torch.from_numpy(np.load(asked.images)).permute(0, 3, 1, 2).contiguous()
    classes = torch.arange(len(images)) % CLASSES  # which images they belong to does not matter for the time
    g, d = Generator(), Discriminator()
    d_optimizer, g_optimizer = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (d, g))

    def precision():
        return torch.autocast("cpu", dtype=torch.bfloat16) if asked.half else contextlib.nullcontext()

    def step():
        rows = torch.randint(len(images), (BATCH,))
        real, labels = images[rows].float() / 127.5 - 1.0, classes[rows]
        d_optimizer.zero_grad()
        with precision():
            fake = g(torch.randn(BATCH, 4 * PART), labels)
            on_real, on_fake = d(real, labels), d(fake.detach(), labels)
        (functional.relu(1 - on_real).mean() + functional.relu(1 + on_fake).mean()).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        with precision():
            on_fake = d(fake, labels)
        (-on_fake.mean()).backward()
        g_optimizer.step()

    parameters = {name: sum(p.numel() for p in net.parameters()) for name, net in {"g": g, "d": d}.items()}
    ended = pace.Pace(parameters, {"torch": torch.__version__})
    while True:
        for _ in range(asked.steps):
            step()
        ended()


if __name__ == "__main__":
    main()
