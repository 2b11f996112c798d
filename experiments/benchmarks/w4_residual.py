"""Steps per second of a BigGAN-like pair at 32 x 32 (workload W4): the package against PyTorch. See README.md.

    python experiments/benchmarks/w4_residual.py --data_dir=<TFDS folder> --torch_python=<environment>/bin/python \
        --steps=10
"""

import workload

W4 = workload.Workload(
    "W4", ("--dataset=cifar10", "--batch_size=32", "--conditional",
           "--network=biggan:width=32,g_attention=16,d_attention=16", "--latent=normal:80", "--loss=hinge",
           "--d_norm=none", "--d_wrap=spectral", "--g_wrap=spectral"),
    {"g": 1_230_852, "d": 1_075_586},
    {"package_bfloat16": "package_loop.py --half", "torch_autocast": "torch_residual.py --half",
     "torch": "torch_residual.py"},
    pairs={"package_bfloat16": "torch_autocast"}, dataset="cifar10")

if __name__ == "__main__":
    workload.main(W4)
