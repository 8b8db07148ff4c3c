"""The folder of a run, as docs/run-folder.md has it: what the dashboard and the command line read while the script trains."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple


def _now() -> int:
    return int(time.time() * 1000)


def process_beginning(pid: int) -> str:
    """When a process began, as the product's own lock says it; empty where the system does not tell."""
    try:
        if sys.platform.startswith("linux"):
            text = Path(f"/proc/{pid}/stat").read_text()
            return text[text.rindex(")") + 2 :].split(" ")[19]
        if sys.platform == "win32":
            question = f"(Get-Process -Id {pid}).StartTime.ToFileTimeUtc()"
            command = ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", question]
            return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5, env=environment)
        return "-".join(answer.stdout.split())
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return ""


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return process_beginning(pid) != ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_whole(path: Path, text: str) -> None:
    """Replaces a file at once: a reader finds the old text or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def _compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


class RunBusy(RuntimeError):
    """Another process writes this run."""


class RunFolder:
    """Writes a run; one process at a time. `step` is where it goes on."""

    def __init__(self, folder: Path, structure: Dict[str, Any], config: Dict[str, Any]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock()
        if not (folder / "config.json").exists():
            write_whole(folder / "network.json", _compact(structure["network"]) + "\n")
            write_whole(folder / "config.json", json.dumps(config, indent=2) + "\n")
        groups = [
            {key: group[key] for key in ("name", "size", "layers", "fixed") if key in group} for group in structure["groups"]
        ]
        run_structure = {"version": 1, "algorithm": structure["algorithm"], "groups": groups}
        write_whole(folder / "structure.json", _compact(run_structure) + "\n")
        self._events = open(folder / "events.ndjson", "ab+")  # noqa: SIM115
        self._end_torn_line()
        self._config = config
        self._tensorboard: Optional[EventFile] = None
        self._seed: Optional[EventFile] = None

    def _lock(self) -> None:
        path = self.folder / "trainer.lock"
        self._ours = f"{os.getpid()} {process_beginning(os.getpid())}\n"
        for _ in range(100):
            try:
                with open(path, "x", encoding="utf-8") as file:
                    file.write(self._ours)
                return
            except FileExistsError:
                held = path.read_text(encoding="utf-8") if path.is_file() else ""
                number, _, beginning = held.strip().partition(" ")
                if held == self._ours:
                    return
                if number.isdigit() and _is_alive(int(number)) and beginning in ("", process_beginning(int(number))):
                    raise RunBusy(f"The process {number} writes the run in {self.folder} already") from None
                path.unlink()
        raise RunBusy(f"{path} can't be taken")

    def _end_torn_line(self) -> None:
        self._events.seek(0, os.SEEK_END)
        if self._events.tell() > 0:
            self._events.seek(-1, os.SEEK_END)
            if self._events.read(1) != b"\n":
                self._events.write(b"\n")

    def event(self, kind: str, **fields: Any) -> None:
        """Appends a line to the log, and its scalars to TensorBoard's file."""
        event = {"version": 1, "time": _now(), "kind": kind, **fields}
        self._events.write((_compact(event) + "\n").encode())
        self._events.flush()
        if kind == "started":
            # In the run's folder itself, so that the run has its id for a name in TensorBoard; what the seed costs is a run of its
            # own below it, so that both are lines of one card.
            self._tensorboard = EventFile(self.folder, fields["step"])
            self._tensorboard.settings(fields["step"], _settings(self._config))
            self._seed = EventFile(self.folder / "seed", fields["step"])
        if self._tensorboard is not None and self._seed is not None and kind == "progress":
            scalars = [
                ("loss/train", fields["loss"]), ("accuracy/train", fields["accuracy"]), ("regularization", fields["regularization"]),
                ("strength", fields["strength"]), ("cost", fields["cost"]),
            ]
            self._tensorboard.scalars(fields["step"], scalars)
            self._seed.scalars(fields["step"], [("cost", fields["seedCost"])])

    def proposal(self, proposal: Dict[str, Any], counts: Dict[str, int]) -> None:
        """Replaces the proposal, and keeps the exporter's counts of this step."""
        learned = self.folder / "learned_structure"
        learned.mkdir(exist_ok=True)
        write_whole(learned / f"alive_{proposal['step']}", json.dumps(counts, indent=2, sort_keys=True) + "\n")
        write_whole(self.folder / "proposal.json", _compact(proposal) + "\n")
        self._thin_out(learned, proposal["step"])

    @staticmethod
    def _thin_out(learned: Path, latest: int) -> None:
        """Keeps 33 counts at most: the latest, and others spread over the run."""
        steps = sorted(int(file.name[6:]) for file in learned.glob("alive_*") if file.name[6:].isdigit())
        while len(steps) > 33:
            for step in steps[1:-1:2]:
                (learned / f"alive_{step}").unlink(missing_ok=True)
            steps = [step for step in steps if (learned / f"alive_{step}").exists()]

    def close(self) -> None:
        self._events.close()
        for file in (self._tensorboard, self._seed):
            if file is not None:
                file.close()
        lock = self.folder / "trainer.lock"
        if lock.is_file() and lock.read_text(encoding="utf-8") == self._ours:
            lock.unlink()


_CRC_TABLE: List[int] = []
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = (_value >> 1) ^ 0x82F63B78 if _value & 1 else _value >> 1
    _CRC_TABLE.append(_value)


def _masked_crc(content: bytes) -> int:
    """CRC-32C, turned and shifted as TensorFlow's record files have it."""
    value = 0xFFFFFFFF
    for byte in content:
        value = _CRC_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    value ^= 0xFFFFFFFF
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append((value & 127) | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


class EventFile:
    """TensorBoard's event file of one process; field numbers are those of TensorFlow's event.proto and summary.proto."""

    def __init__(self, folder: Path, step: int) -> None:
        folder.mkdir(exist_ok=True)
        attempt = len(list(folder.glob("events.out.tfevents.*")))
        self._file = open(folder / f"events.out.tfevents.{int(time.time()):010d}.morphnet.{attempt:04d}", "xb")  # noqa: SIM115
        self._record(self._event(0, _field(3, b"brain.Event:2")))
        # SessionLog { status = 1: START }: what earlier processes wrote of later steps does not count.
        self._record(self._event(step + 1, _field(7, b"\x08\x01")))

    @staticmethod
    def _event(step: int, rest: bytes) -> bytes:
        return b"\x09" + struct.pack("<d", time.time()) + b"\x10" + _varint(step) + rest

    def _record(self, content: bytes) -> None:
        length = struct.pack("<Q", len(content))
        checks = struct.pack("<I", _masked_crc(length)), struct.pack("<I", _masked_crc(content))
        self._file.write(length + checks[0] + content + checks[1])
        self._file.flush()

    def scalars(self, step: int, values: List[Tuple[str, float]]) -> None:
        entries = b"".join(_field(1, _field(1, name.encode()) + b"\x15" + struct.pack("<f", value)) for name, value in values)
        self._record(self._event(step, _field(5, entries)))

    def settings(self, step: int, values: Dict[str, Any]) -> None:
        """The run's hyperparameters: `HParamsPluginData { session_start_info = 3 { map hparams = 1 } }` in a summary's metadata."""
        pairs = b"".join(
            _field(
                1,
                _field(1, name.encode())
                + _field(2, b"\x11" + struct.pack("<d", value) if isinstance(value, (int, float)) else _field(3, str(value).encode())),
            )
            for name, value in values.items()
        )
        content = _field(3, pairs + b"\x29" + struct.pack("<d", time.time()))
        metadata = _field(1, _field(1, b"hparams") + _field(2, content))
        value = _field(1, b"_hparams_/session_start_info") + _field(9, metadata)
        self._record(self._event(step, _field(5, _field(1, value))))

    def close(self) -> None:
        self._file.close()


def _settings(config: Dict[str, Any]) -> Dict[str, Any]:
    """What runs are told apart by; the loop's own settings are its own."""
    target = config.get("target", {})
    known = {
        "model": config.get("model", {}).get("entry"),
        "target": target.get("resource"),
        "share": target.get("fraction"),
        **{name: config.get(name) for name in ("strength", "algorithm", "threshold", "steps")},
    }
    return {name: value for name, value in known.items() if value is not None}
