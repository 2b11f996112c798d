"""Steps per second of semi-supervised MNIST (workload W3): the package against PyTorch eager. See README.md.

    python experiments/benchmarks/w3_semi_supervised.py --data_dir=<TFDS folder> --torch_python=<environment>/bin/python
"""

import workload

W3 = workload.Workload(
    "W3", ("--flagfile=flags/mnist_semi_supervised.flags",), {"g": 694_568, "d": 1_538_770},
    {"torch": "torch_semi_supervised.py"})

if __name__ == "__main__":
    workload.main(W3)
