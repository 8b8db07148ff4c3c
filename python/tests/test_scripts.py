"""Training scripts as people write them, each with three added lines, run as they stand beside what `morphnet attach` wrote: two heads with
a box and a class, a mask for every pixel, a larger image; and data-parallel training by torchrun's means."""

import json
import os
import subprocess
import sys

import pytest

DETECTOR = '''import torch
from torch import nn


class Net(nn.Module):
    """A backbone, and two heads on each of its cells: what is there, and where."""

    def __init__(self, classes=3):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 12, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
            nn.Conv2d(12, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        )
        self.scores = nn.Conv2d(16, classes + 1, 1)
        self.boxes = nn.Conv2d(16, 4, 1)

    def forward(self, x):
        features = self.backbone(x)
        return self.scores(features), self.boxes(features)
'''

SEGMENTER = '''import torch
from torch import nn


def block(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU())


class Net(nn.Module):
    """A small U-Net: two scales, joined again by a concatenation."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2 = block(3, 8), block(8, 16)
        self.pool = nn.MaxPool2d(2)
        self.up = nn.Upsample(scale_factor=2)
        self.join = block(24, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        first = self.down1(x)
        second = self.down2(self.pool(first))
        return self.head(self.join(torch.cat([first, self.up(second)], 1)))
'''

ENLARGER = '''import torch
from torch import nn


class Net(nn.Module):
    """Twice the size by a pixel shuffle; no norms, as is usual for this."""

    def __init__(self, width=12):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 12, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x):
        x = torch.relu(self.first(x))
        return self.shuffle(self.last(torch.relu(self.second(x))))
'''

START = '''import torch
from torch import nn
from torch.nn import functional as F
from morphnet_torch import MorphNet
from net import Net

torch.manual_seed(0)
model = Net()
morphnet = MorphNet.attach(model, "structure.json")
optimizer = torch.optim.Adam(model.parameters(), 0.01)
for step in range(40):
'''

STEP = '''    loss = loss + morphnet.loss()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    morphnet.step(loss=loss)
'''

TASKS = {
    "detection": (DETECTOR, '''    x = torch.rand(4, 3, 16, 16)
    labels, boxes = torch.randint(0, 4, (4, 4, 4)), torch.rand(4, 4, 4, 4)
    scores, found = model(x)
    loss = F.cross_entropy(scores, labels) + F.smooth_l1_loss(found, boxes)
'''),
    "segmentation": (SEGMENTER, '''    x = torch.rand(4, 3, 16, 16)
    mask = (x.mean(1) > 0.5).long()
    loss = F.cross_entropy(model(x), mask)
'''),
    "super-resolution": (ENLARGER, '''    large = torch.rand(4, 3, 32, 32)
    loss = F.l1_loss(model(F.avg_pool2d(large, 2)), large)
'''),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_script_runs_to_a_proposal_that_can_be_applied(project, task):
    source, body = TASKS[task]
    project.attach("--target", "flops:0.5", "--steps", "40", source=source, shape="3x16x16")
    ran = project.python(START + body + STEP)
    assert ran.returncode == 0, ran.stderr
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    events = project.events(run)
    assert events[-1]["kind"] == "finished"
    assert [event["kind"] for event in events].count("alive") >= 2
    assert any(run.glob("events.out.tfevents.*")) and any((run / "seed").glob("events.out.tfevents.*"))
    proposal = json.loads((run / "proposal.json").read_text())
    widths = {layer["name"]: layer["width"] for layer in proposal["layers"]}
    heads = [name for name in widths if name in ("scores", "boxes", "head", "last")]
    assert heads and all(widths[name]["before"] == widths[name]["after"] for name in heads)
    assert proposal["totals"]["macs"]["after"] <= 0.51 * proposal["totals"]["macs"]["before"]
    applied = project.morphnet("apply", str(run), "--slim-file", "slim.py")
    assert applied.returncode == 0, applied.stderr


@pytest.mark.parametrize("task", TASKS)
def test_the_lines_are_written_into_the_script_which_then_runs_from_anywhere(project, task):
    source, body = TASKS[task]
    (project.folder / "net.py").write_text(source)
    lines = [line for line in (START + body + STEP).splitlines(keepends=True) if "orph" not in line]
    script = project.folder / "train.py"
    script.write_text("".join(lines))
    wrote = project.morphnet("attach", "net.py::Net", "--input", "3x16x16", "--target", "flops:0.5", "--steps", "40", "--write", "train.py")
    assert wrote.returncode == 0, wrote.stderr
    written = script.read_text()
    for line in ("from morphnet_torch import MorphNet\n", 'morphnet = MorphNet.attach(model, "structure.json")\n', "(loss + morphnet.loss()).backward()\n", "morphnet.step(loss=loss)\n"):
        assert written.count(line) == 1
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run([sys.executable, str(script)], cwd="/", capture_output=True, text=True, env=environment, timeout=300)
    assert ran.returncode == 0, ran.stderr
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    assert project.events(run)[-1]["kind"] == "finished"


PARALLEL = '''import json, os, sys
import torch
from torch import nn
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from morphnet_torch import MorphNet
from net import Net

ranks = int(os.environ.get("WORLD_SIZE", "1"))
if ranks > 1:
    dist.init_process_group("gloo")
rank = dist.get_rank() if ranks > 1 else 0
torch.manual_seed(0)
torch.set_num_threads(1)
model = Net()
morphnet = MorphNet.attach(model, "structure.json")
parallel = DistributedDataParallel(model) if ranks > 1 else model
optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
for step in range(30):
    generator = torch.Generator().manual_seed(step)
    x, y = torch.randn(8, 3, 8, 8, generator=generator), torch.randint(0, 5, (8,), generator=generator)
    share = slice(rank * 8 // ranks, (rank + 1) * 8 // ranks)
    loss = nn.functional.cross_entropy(parallel(x[share]), y[share])
    optimizer.zero_grad()
    (loss + morphnet.loss()).backward()
    optimizer.step()
    morphnet.step(loss=loss)
strengths = morphnet.state_dict()["controller"]["strength"]
with open(f"rank{rank}.json", "w") as file:  # Lines of several processes would mix in one output.
    json.dump({"rank": rank, "alive": morphnet.alive().int().tolist(), "strength": strengths}, file)
if ranks > 1:
    dist.destroy_process_group()
'''

# Norms of a share of the batch differ from those of the whole: here nothing depends on the batch.
NORMLESS = '''import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(torch.relu(self.conv2(torch.relu(self.conv1(x)))).mean((2, 3)))
'''


def answers_of(project, ran):
    assert ran.returncode == 0, ran.stderr
    files = list(project.folder.glob("rank*.json"))
    answers = [json.loads(file.read_text()) for file in files]
    for file in files:
        file.unlink()
    return answers


def test_several_processes_find_what_one_does_with_the_same_batch(project):
    project.attach("--target", "flops:0.6", "--steps", "30", source=NORMLESS)
    (alone,) = answers_of(project, project.python(PARALLEL))
    for ranks in (2, 4):
        ran = project.python(PARALLEL, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}")
        answers = answers_of(project, ran)
        assert sorted(answer["rank"] for answer in answers) == list(range(ranks))
        assert all(answer["alive"] == alone["alive"] for answer in answers)
        assert len({answer["strength"] for answer in answers}) == 1
    # One writer each.
    runs = list((project.folder / ".morphnet" / "runs").iterdir())
    assert len(runs) == 3
    assert all(project.events(run)[-1]["kind"] == "finished" for run in runs)


LIGHTNING = '''import torch
from torch import nn
import lightning.pytorch as L
from morphnet_torch import MorphNet, lightning_callback
from net import Net


class Task(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()
        self.morphnet = MorphNet.attach(self.net, "structure.json")

    def training_step(self, batch, index):
        x, y = batch
        return nn.functional.cross_entropy(self.net(x), y) + self.morphnet.loss()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.01)


torch.manual_seed(0)
data = torch.utils.data.TensorDataset(torch.randn(320, 3, 8, 8), torch.randint(0, 5, (320,)))
task = Task()
trainer = L.Trainer(max_steps=30, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                    callbacks=[lightning_callback(task.morphnet)])
trainer.fit(task, torch.utils.data.DataLoader(data, batch_size=8))
'''

TRAINER = '''import torch
from torch import nn
from transformers import Trainer, TrainingArguments
from morphnet_torch import MorphNet, trainer_callback, with_regularization
from net import Net


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def forward(self, x, labels):
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


torch.manual_seed(0)
model = Classifier()
morphnet = MorphNet.attach(model.net, "structure.json")
data = [{"x": torch.randn(3, 8, 8), "labels": torch.tensor(i % 5)} for i in range(240)]
arguments = TrainingArguments("out", max_steps=30, per_device_train_batch_size=8, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True)
with_regularization(Trainer, morphnet)(
    model=model, args=arguments, train_dataset=data, callbacks=[trainer_callback(morphnet)]
).train()
'''


@pytest.mark.parametrize(("package", "script"), [("lightning", LIGHTNING), ("transformers", TRAINER)])
def test_where_a_framework_owns_the_loop_its_callback_counts(project, package, script):
    pytest.importorskip(package)
    project.attach("--target", "flops:0.5", "--steps", "30")
    ran = project.python(script)
    assert ran.returncode == 0, ran.stderr
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    assert project.events(run)[-1]["kind"] == "finished"
