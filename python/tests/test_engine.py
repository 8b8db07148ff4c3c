"""The engine `torch`: the product's own runs in the user's PyTorch, held against the embedded engine, alone and in several processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from conftest import NET

ENVIRONMENT = {**os.environ, "MORPHNET_PYTHON": sys.executable}


@pytest.fixture
def images(project):
    """Images whose brightest row tells the class, as NumPy arrays beside the model."""
    (project.folder / "net.py").write_text(NET)
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 96), ("test", 24)):
        labels = np.arange(count) % 5
        pixels = random.integers(0, 120, (count, 8, 8, 3))
        for image, label in zip(pixels, labels):
            image[label] += 130
        parts[f"x_{part}"], parts[f"y_{part}"] = pixels.astype(np.uint8), labels
    np.savez(project.folder / "images.npz", **parts)
    return project


def command(project, run, *words):
    return [
        *json.loads(os.environ["MORPHNET_COMMAND"]), "run", "net.py::Net", "--input", "3x8x8", "--data", "images.npz",
        "--target", "flops:0.5", "--steps", "40", "--out", run, *words,
    ]


def train(project, run, *words):
    ran = subprocess.run(command(project, run, *words), cwd=project.folder, capture_output=True, text=True, env=ENVIRONMENT, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return project.events(project.folder / run)


def counts(events):
    return [(event["step"], event["alive"]) for event in events if event["kind"] == "alive"]


def losses(events):
    return [event["loss"] for event in events if event["kind"] == "progress"]


def last_checkpoint(project, run) -> bytes:
    return max((project.folder / run / "checkpoints").glob("*.safetensors"), key=lambda file: file.stat().st_mtime).read_bytes()


@pytest.mark.parametrize("algorithm", ["gamma", "group-lasso", "logistic-sigmoid"])
def test_it_learns_what_the_embedded_engine_learns(images, algorithm):
    expected = train(images, "onnx", "--engine", "onnx", "--algorithm", algorithm)
    events = train(images, "torch", "--engine", "torch", "--algorithm", algorithm)
    assert events[0]["engine"].startswith("torch ")
    assert counts(events) == counts(expected)
    assert losses(events) == pytest.approx(losses(expected), rel=1e-3)
    assert (images.folder / "torch" / "proposal.json").is_file()


def test_several_processes_of_torchrun_learn_what_one_does(images):
    expected = train(images, "one", "--engine", "torch")
    for processes in (2, 4):
        events = train(images, f"of{processes}", "--engine", "torch", "--nproc-per-node", str(processes))
        assert counts(events) == counts(expected)
        assert losses(events) == pytest.approx(losses(expected), rel=1e-3)


def test_batches_without_equal_shares_are_refused(images):
    ran = subprocess.run(command(images, "run", "--engine", "torch", "--nproc-per-node", "3"), cwd=images.folder, capture_output=True, text=True, env=ENVIRONMENT)
    assert ran.returncode == 1
    assert "no equal shares for 3 processes" in ran.stderr


def test_reduced_precision_trains(images):
    events = train(images, "run", "--engine", "torch", "--mixed-precision", "bfloat16")
    assert events[-1]["kind"] == "finished"
    assert losses(events)[-1] < losses(events)[0]


def started(project, run, *words):
    process = subprocess.Popen(command(project, run, "--steps", "4000", *words), cwd=project.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    log = project.folder / run / "events.ndjson"
    while not (log.is_file() and '"kind":"checkpoint"' in log.read_text()):
        assert process.poll() is None and time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.05)
    return process


def descendants(pid):
    """Processes below one, from what Linux shows."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                pass
    below, found = [pid], []
    while below:
        parent = below.pop()
        children = [child for child, own in parents.items() if own == parent]
        found += children
        below += children
    return found


def goes_on(project, run):
    """Goes on with a run of which only few steps are left to look at."""
    process = subprocess.Popen([*json.loads(os.environ["MORPHNET_COMMAND"]), "run", run], cwd=project.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while sum(event["kind"] == "started" for event in project.events(project.folder / run)) < 2 or project.events(project.folder / run)[-1]["kind"] == "started":
        assert process.poll() is None and time.monotonic() < deadline, "it does not go on"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.wait(60)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(images):
    whole = train(images, "whole", "--engine", "torch")
    process = subprocess.Popen(command(images, "halves", "--engine", "torch"), cwd=images.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = images.folder / "halves" / "events.ndjson"
    deadline = time.monotonic() + 200
    while not (log.is_file() and '"kind":"alive"' in log.read_text()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    ran = subprocess.run([*json.loads(os.environ["MORPHNET_COMMAND"]), "run", "halves"], cwd=images.folder, capture_output=True, text=True, env=ENVIRONMENT)
    assert ran.returncode == 0, ran.stderr
    assert counts(images.events(images.folder / "halves"))[-1] == counts(whole)[-1]
    assert last_checkpoint(images, "halves") == last_checkpoint(images, "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_a_process_that_is_killed_ends_the_run_at_its_checkpoint(images):
    process = started(images, "run", "--engine", "torch", "--nproc-per-node", "2")
    ranks = [pid for pid in descendants(process.pid) if "torch_engine.py" in Path(f"/proc/{pid}/cmdline").read_text() and "torch.distributed.run" not in Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(ranks) == 2
    os.kill(ranks[-1], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    last = images.events(images.folder / "run")[-1]
    assert (last["kind"], last["code"]) == ("failed", "worker-ended")
    assert "resume the run" in last["message"] and "resume" in said
    goes_on(images, "run")


SEGMENTER = """import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
        )
        self.kinds = nn.Conv2d(12, 3, 1)
        self.depth = nn.Sequential(nn.Conv2d(12, 1, 1), nn.Sigmoid())

    def forward(self, x):
        x = self.body(x)
        return self.kinds(x), self.depth(x)
"""


@pytest.mark.parametrize("losses", ["cross-entropy=kinds,l1*0.5=depth", "cross-entropy=kinds,mse=depth", "cross-entropy=kinds,binary-cross-entropy*0.3=depth"])
def test_losses_of_pixels_and_several_outputs_are_those_of_the_embedded_engine(project, losses):
    (project.folder / "net.py").write_text(SEGMENTER)
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 32), ("test", 8)):
        kinds = random.integers(0, 3, (count, 8, 8))
        parts[f"x_{part}"] = (random.integers(0, 90, (count, 8, 8, 3)) + 60 * (kinds[..., None] == np.arange(3))).astype(np.uint8)
        # Some pixels are of no class.
        parts[f"y_kinds_{part}"] = np.where(random.random(kinds.shape) < 0.1, 255, kinds).astype(np.uint8)
        parts[f"y_depth_{part}"] = random.random((count, 8, 8)).astype(np.float32)
    np.savez(project.folder / "images.npz", **parts)
    (project.folder / "morphnet.json").write_text('{"batchSize": 8, "aliveEvery": 5}')
    words = ["--loss", losses, "--steps", "20"]
    expected = train(project, "onnx", "--engine", "onnx", *words)
    for processes in (1, 2):
        events = train(project, f"torch{processes}", "--engine", "torch", "--nproc-per-node", str(processes), *words)
        assert counts(events) == counts(expected)
        assert [event["loss"] for event in events if event["kind"] == "progress"] == pytest.approx(
            [event["loss"] for event in expected if event["kind"] == "progress"], rel=1e-3
        )
        tested, wanted = ([event for event in run if event["kind"] == "evaluated"][0] for run in (events, expected))
        assert tested["loss"] == pytest.approx(wanted["loss"], rel=1e-3)
        assert tested["accuracy"] == pytest.approx(wanted["accuracy"], abs=0.01)


def test_the_own_class_trains_as_the_network_that_was_read_of_it(images):
    expected = train(images, "written", "--engine", "torch")
    events = train(images, "imported", "--engine", "torch", "--import")
    assert counts(events) == counts(expected)
    assert losses(events) == pytest.approx(losses(expected), rel=1e-3)


def test_a_class_that_makes_another_model_than_the_one_read_is_refused(images):
    # Optimized, Python leaves assertions out; what is read has them.
    taken = "def __init__(self, width=8):\n        try:\n            assert width > 8\n            width = 9\n        except AssertionError:\n            pass"
    text = NET.replace("def __init__(self, width=8):", taken)
    (images.folder / "net.py").write_text(text)
    environment = {**ENVIRONMENT, "PYTHONOPTIMIZE": "1"}
    ran = subprocess.run(command(images, "run", "--engine", "torch", "--import"), cwd=images.folder, capture_output=True, text=True, env=environment)
    assert ran.returncode == 1
    told = " ".join(ran.stderr.split())
    assert "is another model than the one that was read: conv1.weight is [9, 3, 3, 3], not [8, 3, 3, 3]" in told


def test_machines_that_join_learn_what_one_process_does(images):
    expected = train(images, "one", "--engine", "torch")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{free.getsockname()[1]}"
    words = ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-endpoint", endpoint]
    joined = subprocess.Popen([*json.loads(os.environ["MORPHNET_COMMAND"]), "join", *words, "--node-rank", "1"], cwd=images.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    events = train(images, "two", "--engine", "torch", *words)
    assert joined.wait(60) == 0
    assert counts(events) == counts(expected)
    assert losses(events) == pytest.approx(losses(expected), rel=1e-3)
