"""docs/upstream.md: a patch of ours that is no longer needed fails here, and can go."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from upstream_faults import FAULTS

NAMES = [name for name, _ in FAULTS]
DOCUMENT = (Path(__file__).parents[1] / "docs/upstream.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def found() -> dict[str, bool]:
    program = Path(__file__).with_name("upstream_faults.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    faults: dict[str, bool] = json.loads(done.stdout)
    return faults


@pytest.mark.parametrize("name", NAMES)
def test_the_fault_is_still_there(found: dict[str, bool], name: str) -> None:
    assert found[name], (
        f"{name} is mended upstream: remove our patch, and its section of docs/upstream.md"
    )


def test_each_fault_is_documented() -> None:
    assert re.findall(r"^## ([a-z-]+)", DOCUMENT, re.MULTILINE) == NAMES
