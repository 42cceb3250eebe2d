"""Secrets fetched from their places as in a run, without hosts."""

import pytest
from pyinfra.context import ctx_state

from local_hosts import state_of
from pushgateway_lab.credentials.resolve import secret_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings.secret_source import (
    source,
)

SECRET = "s3cret: ü"  # noqa: S105 - a test's


KEY = "pushgateway_password_file"

OWN: dict[str, object] = {
    "pushgateway_password_file": "/x/{host}",
    "pushgateway_password_command": "pass show lab/{host}",
    "pushgateway_password_environment": "LAB_{host}",
}


def fetched(place: object, *names: str) -> list[str]:
    """Return the secret of each host of one run."""
    names = names or ("vm01",)
    with ctx_state.use(state_of({name: {} for name in names})):
        return [secret_of(name, KEY, source(place)) for name in names]


def refused(place: object, *names: str) -> str:
    """Return the error about a secret that cannot be fetched; it has no secret."""
    with pytest.raises(HostError) as error:
        fetched(place, *names)
    told = str(error.value)
    assert told.startswith(f"{KEY}: ")
    assert "s3cret" not in told
    assert told.isprintable()
    return told


def shell(script: str) -> dict[str, list[str]]:
    return {"command": ["sh", "-c", script]}
