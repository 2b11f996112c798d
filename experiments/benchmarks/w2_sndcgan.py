"""Steps per second of SN-DCGAN on CIFAR-10 (workload W2): the package, plain Keras `fit`, PyTorch. See README.md.

    python experiments/benchmarks/w2_sndcgan.py --data_dir=<TFDS folder> --torch_python=<environment>/bin/python
"""

import workload

W2 = workload.Workload(
    "W2", ("--flagfile=flags/cifar10_sndcgan.flags",), {"g": 3_813_379, "d": 2_935_873},
    {"package_bfloat16": "package_loop.py --half", "keras": "keras_sndcgan.py",
     "torch_autocast": "torch_sndcgan.py --half", "torch": "torch_sndcgan.py"},
    pairs={"package_bfloat16": "torch_autocast"}, dataset="cifar10")

if __name__ == "__main__":
    workload.main(W2)
