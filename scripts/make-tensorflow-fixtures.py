"""Fixtures of `parfocal import-miq`, written by TensorFlow itself:

    pip install tensorflow-cpu==2.15.1 brotli
    python scripts/make-tensorflow-fixtures.py test/fixtures/tensorflow

A small checkpoint of variables of several types; a checkpoint and a SavedModel of the network of Yang et al. 2018 with weights that
repeat (so that 116 MB of values are a few kB when compressed with Brotli), and what TensorFlow makes of a frame with them.
"""

import json
import os
import shutil
import sys

import brotli
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
PATCH, LEVELS = 84, 11
out = sys.argv[1]
shutil.rmtree(out, ignore_errors=True)
os.makedirs(out)


def repeating(shape, step, scale):
    """Values with a period of 101."""
    i = np.arange(np.prod(shape), dtype=np.int64)
    return ((((i * step) % 101) - 50) / 50 * scale).astype(np.float32).reshape(shape)


WEIGHTS = {
    "conv1/weights": repeating((5, 5, 1, 32), 37, 0.5),
    "conv1/biases": repeating((32,), 11, 0.01),
    "conv2/weights": repeating((5, 5, 32, 64), 59, 0.2),
    "conv2/biases": repeating((64,), 17, 0.01),
    "fc3/weights": repeating((28224, 1024), 71, 0.02),
    "fc3/biases": repeating((1024,), 23, 0.01),
    "fc4/weights": repeating((1024, LEVELS), 43, 0.6),
    "fc4/biases": repeating((LEVELS,), 29, 0.3),
}


def compress(path):
    """Leaves `path`.br in the place of `path`."""
    with open(path, "rb") as file:
        packed = brotli.compress(file.read(), quality=9, lgwin=24)
    with open(f"{path}.br", "wb") as file:
        file.write(packed)
    os.remove(path)
    print(f"{path}.br: {len(packed)} bytes")


def remove_graphs(folder):
    for name in os.listdir(folder):
        if name.endswith(".meta") or name == "checkpoint":
            os.remove(os.path.join(folder, name))


def small():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("numbers", initializer=repeating((3, 4), 7, 1.0))
        tf.get_variable("scope/one", initializer=np.float32(2.5))
        tf.get_variable("scope/other", initializer=np.arange(5, dtype=np.float64))
        tf.get_variable("global_step", initializer=np.int64(1000042))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, f"{out}/small", write_meta_graph=False)


def network():
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {name: tf.get_variable(name, initializer=values) for name, values in WEIGHTS.items()}
        step = tf.get_variable("global_step", initializer=np.int64(77))
        patches = tf.placeholder(tf.float32, [None, PATCH, PATCH, 1], "input")
        net = patches
        for layer in ("conv1", "conv2"):
            net = tf.nn.conv2d(net, variables[f"{layer}/weights"], [1, 1, 1, 1], "SAME")
            net = tf.nn.relu(net + variables[f"{layer}/biases"])
            net = tf.nn.max_pool2d(net, 2, 2, "VALID")
        net = tf.reshape(net, [-1, 28224])
        net = tf.nn.relu(tf.matmul(net, variables["fc3/weights"]) + variables["fc3/biases"])
        probabilities = tf.nn.softmax(tf.matmul(net, variables["fc4/weights"]) + variables["fc4/biases"])
        session.run(tf.global_variables_initializer())
        os.makedirs(f"{out}/original")
        tf.train.Saver().save(session, f"{out}/original/model.ckpt-77", write_meta_graph=False)
        builder = tf.saved_model.builder.SavedModelBuilder(f"{out}/saved-model")
        builder.add_meta_graph_and_variables(session, ["inference"], saver=tf.train.Saver(variables))
        builder.save()
        golden(session, patches, probabilities)
        assert session.run(step) == 77


def golden(session, patches, probabilities):
    """The frame is worked out again by the test."""
    height, width = 180, 200
    y, x = np.mgrid[0:height, 0:width]
    frame = (3000 + 40 * ((x * x + 3 * y * y + 5 * x * y) % 613)).astype(np.float32)
    cut = [
        frame[top : top + PATCH, left : left + PATCH]
        for top in range(0, height - PATCH + 1, PATCH)
        for left in range(0, width - PATCH + 1, PATCH)
    ]
    p = session.run(probabilities, {patches: np.stack(cut)[..., np.newaxis] / 65535})
    p = p.astype(np.float64)
    certainty = lambda q: 1 + (q * np.log(np.maximum(q, 1e-300))).sum(-1) / np.log(LEVELS)
    certainties = certainty(p)
    # Aggregation `average` of the original's evaluation.py.
    distribution = (p * certainties[:, np.newaxis]).sum(0) / certainties.sum()
    answer = {
        "width": width,
        "height": height,
        "probabilities": p.tolist(),
        "distribution": distribution.tolist(),
        "level": int(distribution.argmax()),
        "meanCertainty": certainties.mean(),
        "maxCertainty": certainties.max(),
        "aggregateCertainty": certainty(distribution),
    }
    print(p.round(3), answer["level"])
    with open(f"{out}/golden.json", "w") as file:
        json.dump(answer, file, indent=1)


small()
network()
for folder in (out, f"{out}/original"):
    remove_graphs(folder)
os.remove(f"{out}/saved-model/saved_model.pb")
for data in ("original/model.ckpt-77", "saved-model/variables/variables"):
    compress(f"{out}/{data}.data-00000-of-00001")
