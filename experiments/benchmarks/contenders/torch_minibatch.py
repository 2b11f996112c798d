"""Closeness and its gradients in PyTorch: all pairs at once, by broadcasting or by `cdist` for each kernel."""

import minibatch
import torch


def broadcast(m):
    return (m[:, None] - m[None]).abs().sum(-1).neg().exp().sum(1) - 1.0


def cdist(m):
    return torch.cdist(m.transpose(0, 1), m.transpose(0, 1), p=1.0).neg().exp().sum(2).T - 1.0


def main():
    asked = minibatch.settings()
    torch.set_num_threads(asked.threads)
    x, t, upstream = (torch.from_numpy(value) for value in minibatch.inputs(asked))
    x.requires_grad_(True)
    t.requires_grad_(True)
    form = {"broadcast": broadcast, "cdist": cdist}[asked.form]

    def step():
        x.grad = t.grad = None
        closeness = form((x @ t).reshape(-1, asked.kernels, asked.dims))
        closeness.backward(upstream)
        return closeness.detach(), x.grad, t.grad

    minibatch.run(asked, step, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
