"""The commands of docs/secrets.md. Without hosts."""

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.settings.secret_source import (
    source,
)
from secret_places import KEY, fetched, refused

# --- The examples of docs/secrets.md

DOCS = Path(__file__).parent.parent / "docs/secrets.md"


def examples() -> list[object]:
    """Return the values of all examples of commands on the page."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = "pushgateway_password_command = "
    return [ast.literal_eval(line.removeprefix(start)) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("program", ["pass", "sops", "ansible-vault", "systemd-creds", "sh"])
def test_the_examples_give_each_program_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """A program in the place of the real one prints its arguments: it is not known which ones are installed."""
    stand_in = tmp_path / ("pass" if program == "sh" else program)
    further = '; echo "user: trainer"' if program == "sh" else ""
    stand_in.write_text(f'#!/bin/sh\nprintf "%s|" "$@"; echo{further}\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (place,) = [
        each
        for each in (source({"command": words}) for words in examples())
        if each.words[0] == program
    ]
    expected = {
        "pass": "show|lab/a%2Fb|",
        "sops": '-d|--extract|["password"]|secrets/a%2Fb.yaml|',
        "ansible-vault": "view|--vault-password-file|~/.vault|secrets/a%2Fb|",
        "systemd-creds": "decrypt|--name=a%2Fb|secrets/a%2Fb.cred|-|",
        "sh": "show|lab/a%2Fb|",
    }
    assert secret_of("a/b", KEY, place) == expected[program]


@pytest.mark.skipif(not shutil.which("systemd-creds"), reason="needs systemd 250")
def test_systemd_creds_decrypts_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(tmp_path / "key"))  # not this machine's
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir()
    for name in ("vm01", "vm02"):
        encrypt = f"systemd-creds encrypt --with-key=host --name={name} - secrets/{name}.cred"
        subprocess.run(encrypt.split(), input=f"{name}'s".encode(), check=True, capture_output=True)
    (words,) = [each for each in examples() if str(each).startswith("systemd-creds")]
    assert fetched({"command": words}, "vm01", "vm02") == ["vm01's", "vm02's"]
    (tmp_path / "secrets/vm01.cred").rename(tmp_path / "secrets/vm02.cred")
    told = refused({"command": words}, "vm02")
    assert "systemd-creds ended with exit code 1: " in told
