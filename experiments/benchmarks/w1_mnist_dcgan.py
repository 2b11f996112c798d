"""Steps per second of the MNIST DCGAN (workload W1): the package, plain Keras `fit`, PyTorch eager. See README.md.

    python experiments/benchmarks/w1_mnist_dcgan.py --data_dir=<TFDS folder> --torch_python=<environment>/bin/python
"""

import workload

W1 = workload.Workload(
    "W1", ("--dataset=mnist", "--batch_size=64", "--network=dcgan", "--latent=normal:100"),
    {"g": 759_681, "d": 138_689}, {"keras": "keras_fit.py", "torch": "torch_eager.py"})

if __name__ == "__main__":
    workload.main(W1)
