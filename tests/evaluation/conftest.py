"""Stand-ins for the files that scores are taken with: their names, shapes and types, other and fewer weights."""

import numpy as np
import pytest
import tensorflow as tf

FEATURES, CLASSES = 2048, 1008


class Nodes:
    """Builds a GraphDef of TensorFlow 0.6: no shapes of inputs are known but the batch of 1 that is recorded."""

    def __init__(self, seed=0):
        self.graph, self.random = tf.compat.v1.GraphDef(), np.random.RandomState(seed)
        self.graph.versions.producer = 8  # from 9 on, the old batch norm is refused

    def constant(self, name, value):
        value = np.asarray(value)
        node = self.graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        return name

    def draw(self, name, *shape, scale=1.0, shift=0.0):
        return self.constant(name, (self.random.randn(*shape) * scale + shift).astype("f4"))

    def add(self, name, kind, *inputs, recorded=None, T=tf.float32, **attributes):
        node = self.graph.node.add(name=name, op=kind, input=inputs)
        if T is not None:
            node.attr["T"].type = T.as_datatype_enum
        for key, value in attributes.items():
            field = {tf.DType: "type", bool: "b", int: "i", float: "f", str: "s", list: "list"}[type(value)]
            if field == "list":
                node.attr[key].list.i.extend(value)
            else:
                value = value.as_datatype_enum if field == "type" else value.encode() if field == "s" else value
                setattr(node.attr[key], field, value)
        if recorded:
            shape = node.attr["_output_shapes"].list.shape.add()
            for size in recorded:
                shape.dim.add(size=size)
        return name

    def normed(self, name, x, size, channels, recorded, stride=1, scaled=False):
        """Convolution, the old batch norm, a check that control inputs order, and a ReLU, as `conv` and `mixed` are."""
        self.draw(f"{name}/conv2d_params", *size, *channels, scale=(size[0] * size[1] * channels[0]) ** -0.5)
        self.add(f"{name}/Conv2D", "Conv2D", x, f"{name}/conv2d_params", strides=[1, stride, stride, 1],
                 padding="VALID", use_cudnn_on_gpu=True, recorded=recorded)
        n = channels[1]
        self.draw(f"{name}/batchnorm/beta", n, scale=0.3)
        self.draw(f"{name}/batchnorm/gamma", n, scale=0.3, shift=1.0)
        self.draw(f"{name}/batchnorm/moving_mean", n, scale=0.3)
        self.constant(f"{name}/batchnorm/moving_variance", self.random.uniform(0.5, 2, n).astype("f4"))
        self.norm(f"{name}/batchnorm", f"{name}/Conv2D", f"{name}/batchnorm", scaled, recorded)
        self.add(f"{name}/CheckNumerics", "CheckNumerics", f"{name}/batchnorm", message="no number", recorded=recorded)
        self.add(f"{name}/control_dependency", "Identity", f"{name}/batchnorm", f"^{name}/CheckNumerics",
                 recorded=recorded)
        return self.add(name, "Relu", f"{name}/control_dependency", recorded=recorded)

    def norm(self, name, x, of, scaled=False, recorded=None):
        return self.add(name, "BatchNormWithGlobalNormalization", x,
                        *(f"{of}/{part}" for part in ("moving_mean", "moving_variance", "beta", "gamma")),
                        variance_epsilon=0.001, scale_after_normalization=scaled, recorded=recorded)

    def image(self):
        """From a JPEG to numbers around 0, as the graph of 2015 begins."""
        self.constant("DecodeJpeg/contents", np.array(b"", object))
        self.add("DecodeJpeg", "DecodeJpeg", "DecodeJpeg/contents", T=None, channels=3)
        self.add("Cast", "Cast", "DecodeJpeg", T=None, SrcT=tf.uint8, DstT=tf.float32)
        self.constant("ExpandDims/dim", np.int32(0))
        self.add("ExpandDims", "ExpandDims", "Cast", "ExpandDims/dim")
        self.constant("ResizeBilinear/size", np.int32([299, 299]))
        self.add("ResizeBilinear", "ResizeBilinear", "ExpandDims", "ResizeBilinear/size", recorded=(1, 299, 299, 3))
        self.constant("Sub/y", np.float32(128))
        self.add("Sub", "Sub", "ResizeBilinear", "Sub/y", recorded=(1, 299, 299, 3))
        self.constant("Mul/y", np.float32(1 / 128))
        return self.add("Mul", "Mul", "Sub", "Mul/y", recorded=(1, 299, 299, 3))


def inception_graph():
    """A GraphDef with the names, shapes and types of classify_image_graph_def.pb and fewer convolutions."""
    make = Nodes()
    x = make.normed("conv", make.image(), (3, 3), (3, 8), (1, 149, 149, 8), stride=2)
    x = make.normed("conv_1", x, (3, 3), (8, 8), (1, 74, 74, 8), stride=2, scaled=True)
    make.add("pool", "MaxPool", x, T=None, ksize=[1, 8, 8, 1], strides=[1, 8, 8, 1], padding="SAME",
             recorded=(1, 10, 10, 8))
    branches = [make.normed(f"mixed_10/{name}conv", "pool", (3, 3), (8, 1024), (1, 8, 8, 1024))
                for name in ("", "tower/")]
    make.constant("mixed_10/join/concat_dim", np.int32(3))
    make.add("mixed_10/join", "Concat", "mixed_10/join/concat_dim", *branches, N=2, recorded=(1, 8, 8, FEATURES))
    make.add("pool_3", "AvgPool", "mixed_10/join", ksize=[1, 8, 8, 1], strides=[1, 1, 1, 1], padding="VALID",
             recorded=(1, 1, 1, FEATURES))
    make.constant("pool_3/_reshape/shape", np.int32([1, FEATURES]))
    make.add("pool_3/_reshape", "Reshape", "pool_3", "pool_3/_reshape/shape", recorded=(1, FEATURES))
    make.draw("softmax/weights", FEATURES, CLASSES, scale=0.05)
    make.draw("softmax/biases", CLASSES, scale=5.0)
    make.add("softmax/logits/MatMul", "MatMul", "pool_3/_reshape", "softmax/weights", recorded=(1, CLASSES))
    make.add("softmax/logits", "BiasAdd", "softmax/logits/MatMul", "softmax/biases", recorded=(1, CLASSES))
    make.add("softmax", "Softmax", "softmax/logits", recorded=(1, CLASSES))
    return make.graph


class Module(tf.Module):
    """TF-GAN's Inception module in signature: a random projection of 4 x 4 mean colors, and logits of it."""

    def __init__(self):
        super().__init__()
        random = np.random.RandomState(0)
        self.project = tf.Variable(random.randn(48, FEATURES).astype("f4"))
        self.classify = tf.Variable(random.randn(FEATURES, CLASSES).astype("f4") / 20)

    @tf.function(input_signature=[tf.TensorSpec((None, 299, 299, 3), tf.float32, name="images")])
    def __call__(self, images):
        means = tf.nn.avg_pool2d(images, 74, 75, "SAME")
        pool = tf.nn.relu(tf.reshape(means, (-1, 48)) @ self.project)
        return {"logits": pool @ self.classify, "pool_3": tf.reshape(pool, (-1, 1, 1, FEATURES))}


@pytest.fixture(scope="session")
def nodes():
    return Nodes


@pytest.fixture(scope="session")
def graph_file(tmp_path_factory):
    """The path of a stand-in for classify_image_graph_def.pb."""
    path = tmp_path_factory.mktemp("graph") / "classify_image_graph_def.pb"
    path.write_bytes(inception_graph().SerializeToString())
    return path


@pytest.fixture(scope="session")
def module_folder(tmp_path_factory):
    """The path of a stand-in for TF-GAN's module with 2048 features and 1008 logits."""
    path = tmp_path_factory.mktemp("module") / "inception"
    tf.saved_model.save(Module(), str(path))
    return path
