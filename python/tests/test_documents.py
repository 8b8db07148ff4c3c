"""docs/training-elsewhere.md, tried as written: its code runs as it stands, but with few steps, on the CPU, and on one machine."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training-elsewhere.md"

START = """import torch
from torch import nn
from net import Net
from morphnet_torch import MorphNet, lightning_callback, trainer_callback, with_regularization

torch.manual_seed(0)
criterion = nn.CrossEntropyLoss()
data = torch.utils.data.TensorDataset(torch.randn(160, 3, 8, 8), torch.randint(0, 5, (160,)))
loader = torch.utils.data.DataLoader(data, batch_size=8)
accuracy = 0.5


def evaluate(model):
    with torch.no_grad():
        return float((model(data.tensors[0]).argmax(1) == data.tensors[1]).float().mean())


"""


def code(heading: str, language: str = "python") -> str:
    """The code below a heading of the page, with as many steps as the test's data have."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    assert section is not None, f"The page has no part {heading}"
    blocks = re.findall(rf"^```{language}\n(.*?)^```", section[1], re.S | re.M)
    assert blocks, f"{heading} has no code"
    return "\n".join(blocks).replace("20000", "20")


def finished(project, ran, runs=1):
    assert ran.returncode == 0, ran.stderr
    found = list((project.folder / ".morphnet" / "runs").iterdir())
    assert len(found) == runs
    assert all(project.events(run)[-1]["kind"] == "finished" for run in found)


def test_the_loop_and_what_was_found(project):
    project.attach("--target", "flops:0.5", "--steps", "20")
    finished(project, project.python(START + code("Three lines") + code("What was found")))
    assert (project.folder / "slim.safetensors").is_file()


def test_the_commands_of_the_page_are_those_of_the_program(project):
    for line in code("Three lines", "sh").splitlines():
        ran = project.morphnet(*[word for word in line.split()[1:2]], "--help")
        assert ran.returncode == 0
        assert all(option in ran.stdout for option in re.findall(r"--[\w-]+", line)), line


def test_lightning(project):
    pytest.importorskip("lightning")
    project.attach("--target", "flops:0.5", "--steps", "20")
    rest = """    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 0.01)

"""
    written = code("Lightning").replace("task = Task()", rest + "task = Task()").replace("L.Trainer(", "L.Trainer(accelerator='cpu', logger=False, enable_checkpointing=False, ")
    finished(project, project.python("import lightning.pytorch as L\n" + START + written))


def test_trainer(project):
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    project.attach("--target", "flops:0.5", "--steps", "20")
    model = """from transformers import Trainer, TrainingArguments


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net()

    def forward(self, x, labels):
        logits = self.net(x)
        return {"loss": criterion(logits, labels), "logits": logits}


model = Classifier()
data = [{"x": x, "labels": y} for x, y in data]
arguments = TrainingArguments("out", max_steps=20, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True)
"""
    finished(project, project.python(START + model + code("Hugging Face's Trainer")))


PROCESSES = """import os
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

device, local_rank = torch.device("cpu"), int(os.environ["LOCAL_RANK"])
"""

LOOP = """
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x, y in loader:
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    (loss + morphnet.loss()).backward()
    optimizer.step()
    morphnet.step(loss=loss)
"""


# Without it PyTorch's threads may end a process with an abort now and then.
END = "dist.destroy_process_group()\n"


def several_processes() -> str:
    """Without GPUs."""
    beginning = code("Several processes").replace('"nccl"', '"gloo"').replace("device_ids=[local_rank]", "device_ids=None")
    return START + PROCESSES + beginning + LOOP + END


def test_processes_of_torchrun(project):
    project.attach("--target", "flops:0.5", "--steps", "20")
    finished(project, project.python(several_processes(), "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"))


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(sys.platform == "win32", reason="SLURM's scripts are those of a shell")
def test_the_slurm_script_with_stand_ins_for_slurm(project):
    project.attach("--target", "flops:0.5", "--steps", "20")
    (project.folder / "train.py").write_text(several_processes())
    programs = project.folder / "programs"
    programs.mkdir()
    # Two nodes, both here; the script ends when both have.
    program(programs / "srun", '#!/bin/sh\nSLURM_NODEID=1 "$@" &\nSLURM_NODEID=0 "$@" && wait "$!"\n')
    program(programs / "scontrol", '#!/bin/sh\n[ "$3" = "here[1-2]" ] && printf "127.0.0.1\\n127.0.0.1\\n"\n')
    program(programs / "torchrun", f'#!/bin/sh\nexec "{sys.executable}" -m torch.distributed.run "$@"\n')
    script = code("Several processes", "sh").split("torchrun --nproc-per-node=4 train.py\n")[1].replace("--nproc-per-node=4", "--nproc-per-node=1")
    program(project.folder / "job.sh", script.strip() + "\n")
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "SLURM_JOB_NODELIST": "here[1-2]", "SLURM_NNODES": "2"}
    environment.pop("PYTHONPATH", None)
    ran = subprocess.run(["sh", "job.sh"], cwd=project.folder, capture_output=True, text=True, env=environment, timeout=280)
    finished(project, ran)


FULLY_SHARDED = """
from torch.distributed.fsdp import FullyShardedDataParallel
dist.init_process_group("gloo")
model = Net()
morphnet = MorphNet.attach(model, "structure.json")
model = FullyShardedDataParallel(model, use_orig_params=True, ignored_states=morphnet.read_parameters(), device_id=device)
"""


def test_fully_sharded(project):
    assert "FullyShardedDataParallel(model, use_orig_params=True, ignored_states=morphnet.read_parameters())" in PAGE.read_text(encoding="utf-8")
    project.attach("--target", "flops:0.5", "--steps", "20", "--algorithm", "gamma")
    ran = project.python(START + PROCESSES + FULLY_SHARDED + LOOP + END, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    finished(project, ran)
