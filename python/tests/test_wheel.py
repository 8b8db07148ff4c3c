"""The package as a wheel: built by its own settings, and whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]


def test_a_wheel_is_built_and_has_all_of_the_package(tmp_path, monkeypatch):
    build = pytest.importorskip("flit_core.buildapi")
    monkeypatch.chdir(PACKAGE)
    wheel = tmp_path / build.build_wheel(str(tmp_path))
    names = subprocess.run([sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True).stdout
    for file in (PACKAGE / "morphnet_torch").glob("*.py"):
        assert f"morphnet_torch/{file.name}" in names
    # From elsewhere, so that it is the wheel that is imported.
    told = "import morphnet_torch; print(morphnet_torch.__file__, morphnet_torch.__version__, sorted(morphnet_torch.__all__))"
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    said = subprocess.run([sys.executable, "-c", told], cwd=tmp_path, capture_output=True, text=True, env=environment, check=True).stdout
    assert str(wheel) in said and "'MorphNet'" in said
