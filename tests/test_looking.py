"""The cache of looks, for the snapshot and for the lab's look, without a host."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api.host import Host

from local_hosts import host_of, state_of
from looks import look as look_at_nothing
from looks import status
from pushgateway_lab.course import questions as course_looking
from pushgateway_lab.formats.answers import AnswerError, Group
from pushgateway_lab.host import looking
from pushgateway_lab.http.api import ApiError
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.look import Look
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, parse_settings

SETTINGS = Settings()


class Asked:
    """Answers instead of hosts, and records each question: the host, and whether it was for the lab's look."""

    def __init__(self) -> None:
        self.hosts: list[tuple[str, bool]] = []
        self.error: HostError | None = None
        self.seconds = 1000.0

    def __call__(self, host: Host, settings: Settings, read: object, further: str = "") -> Any:
        """Answer as `looking.ask` does."""
        del read
        self.hosts.append((host.name, bool(further)))
        if self.error:
            raise self.error
        looked = look_at_nothing()
        return Look(**(vars(looked) | {"settings": settings})) if further else looked.snapshot


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    fake = Asked()
    monkeypatch.setattr(looking, "ask", fake)
    monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=lambda: fake.seconds))
    return fake


def test_a_look_serves_until_the_host_is_changed(asked: Asked) -> None:
    state = state_of({"a": {}, "b": {}})
    host, other = host_of(state, "a"), host_of(state, "b")
    seen = looking.snapshot_of(host, SETTINGS)
    assert looking.snapshot_of(host, SETTINGS) is seen
    looking.snapshot_of(other, SETTINGS)
    looking.forget(host)
    assert looking.snapshot_of(host, SETTINGS) is not seen
    looking.snapshot_of(other, SETTINGS)
    assert asked.hosts == [("a", False), ("b", False), ("a", False)]
    looking.snapshot_now(host, SETTINGS)
    assert len(asked.hosts) == 4
    looking.snapshot_of(host_of(state_of({"a": {}}), "a"), SETTINGS)  # another run
    assert len(asked.hosts) == 5


def test_a_look_is_good_for_a_while(asked: Asked) -> None:
    host = host_of(state_of({"a": {}}), "a")
    looking.snapshot_of(host, SETTINGS)
    asked.seconds += looking.GOOD_FOR
    looking.snapshot_of(host, SETTINGS)
    looking.snapshot_within(host, SETTINGS, looking.GOOD_FOR)
    assert len(asked.hosts) == 1
    looking.snapshot_within(host, SETTINGS, looking.GOOD_FOR - 1)
    assert len(asked.hosts) == 2
    asked.seconds += looking.GOOD_FOR + 1
    looking.snapshot_of(host, SETTINGS)
    assert len(asked.hosts) == 3


def test_the_look_of_the_lab_is_one_with_its_snapshot(asked: Asked) -> None:
    host = host_of(state_of({"a": {}}), "a")
    looked = course_looking.look_at_lab(host, SETTINGS, ())
    assert looking.snapshot_of(host, SETTINGS) is looked.snapshot
    assert course_looking.look_at_lab(host, SETTINGS, ()) is looked
    assert asked.hosts == [("a", True)]
    seen = looking.snapshot_now(
        host, SETTINGS
    )  # a snapshot knows less, so the lab's look is taken anew
    assert course_looking.look_at_lab(host, SETTINGS, ()).snapshot is not seen
    looking.forget(host)
    assert course_looking.look_at_lab(host, SETTINGS, ()) is not looked
    assert asked.hosts == [("a", True), ("a", False), ("a", True), ("a", True)]


@pytest.mark.parametrize(
    "look",
    [looking.snapshot_of, lambda host, settings: course_looking.look_at_lab(host, settings, ())],
    ids=["snapshot", "lab"],
)
def test_a_host_that_hangs_is_waited_for_once(
    asked: Asked, look: Callable[[Host, Settings], object]
) -> None:
    host = host_of(state_of({"a": {}}), "a")
    asked.error = HostError("It hangs.")
    for each in (look, look, looking.snapshot_of):
        with pytest.raises(HostError, match="It hangs"):
            each(host, SETTINGS)
    assert len(asked.hosts) == 1
    asked.error = None
    asked.seconds += looking.GOOD_FOR + 1
    look(host, SETTINGS)
    assert len(asked.hosts) == 2


def answering(told: object, asked: list[object]) -> Callable[[], Any]:
    """Return a method of a client that records its calls and returns a value or raises an error."""

    def answer() -> Any:
        asked.append(told)
        if isinstance(told, Exception):
            raise told
        return told

    return answer


def bad(words: str) -> ApiError:
    """Return the error of a client for an answer that is not a Pushgateway's."""
    error = ApiError("The Pushgateway gave a bad answer")
    error.__cause__ = AnswerError(words)
    return error


GROUP = Group({"job": "a"}, 1.0)


@pytest.mark.parametrize(
    ("answers", "known", "unread"),
    [
        (([GROUP], status()), (True, True), {}),
        ((bad("expected groups"), status()), (False, True), {"groups": "expected groups"}),
        (([GROUP], bad("expected flags")), (True, False), {"status": "expected flags"}),
        ((ApiError("it timed out"), status()), (False, False), {}),
    ],
)
@pytest.mark.usefixtures("asked")
def test_a_pushgateway_that_wants_a_password_is_asked_apart(
    monkeypatch: pytest.MonkeyPatch,
    answers: tuple[object, object],
    known: tuple[bool, bool],
    unread: dict[str, str],
) -> None:
    given: list[object] = []
    groups, said = (answering(each, given) for each in answers)
    client = SimpleNamespace(groups=groups, status=said, telemetry=answering(None, given))
    monkeypatch.setattr(course_looking, "client", lambda *_: client)
    host = host_of(state_of({"a": {}}), "a")
    data = {"pushgateway_username": "x", "pushgateway_password_environment": "X"}
    looked = course_looking.look_at_lab(host, parse_settings(data), ())
    assert (looked.groups == [GROUP], looked.pushgateway_status == status()) == known
    assert looked.unread == unread
    # A host that did not answer is not asked again.
    assert len(given) == (3 if any(known) else 1)
    if unread:
        assert (
            f"Unexpected answer at http://127.0.0.1:9091: {next(iter(unread.values()))}."
            in gateway.is_silent(looked).says
        )
