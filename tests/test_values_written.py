"""Accepted settings arrive unchanged wherever they are written: shells, argument files, curl, systemd."""

import argparse
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from labhost import Host
from pushgateway_lab.installations import environment_file, flags
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.pruning.files import Credentials, wanted_files
from pushgateway_lab.run.host_files import script
from pushgateway_lab.settings import Settings, values
from setting_values import TEXTS, UNSEEN, settings_of, text_in, with_text

PIECES = st.one_of(
    st.just(""),
    st.sampled_from(["..", "/", "-", "[1-9]", "{a,b}", ";id;", "$(id)", "%41", "'", '"', "\\", "@", ":1", *UNSEEN]),
    st.text(st.characters(codec=None), max_size=4),
    st.text("abz0 9._-+,@:=/~", max_size=9),
)  # fmt: skip


@st.composite
def accepted_settings(draw: st.DrawFn, *keys: str) -> Settings:
    """Draw accepted settings with hostile texts in their values."""
    key = draw(st.sampled_from(keys))
    text = text_in(TEXTS[key])
    at = draw(st.integers(0, len(text)))
    found = settings_of(key, with_text(TEXTS[key], text[:at] + draw(PIECES) + text[at:]))
    assume(found)
    assert found
    return found


def texts_of(found: Settings) -> list[str]:
    """Return all texts in these settings."""
    texts = [getattr(found, key) for key in TEXTS if isinstance(getattr(found, key), str)]
    more = [*(found.pushgateway_targets or ()), *found.pushgateway_prune_keep]
    return [*texts, *more, *map(str, found.pushgateway_extra_flags.values())]


QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@QUICK
@given(accepted_settings(*TEXTS), st.sampled_from(["dash", "bash"]))
def test_a_shell_script_gets_each_value_as_it_is(found: Settings, shell: str) -> None:
    variables = {f"x{number}": text for number, text in enumerate(texts_of(found))}
    begin = script("begin-course.sh", variables)[: -len(script("begin-course.sh", {}))]
    told = "".join(f"printf '%s\\0' \"${name}\"\n" for name in variables)
    done = subprocess.run([shell, "-c", begin + told], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(variables.values())
    assert not done.stderr


@QUICK
@given(
    accepted_settings(
        "pushgateway_username",
        "pushgateway_prune_after",
        "pushgateway_prune_keep",
        "pushgateway_url",
    )
)
def test_the_prune_reads_its_arguments_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, found: Settings
) -> None:
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@", allow_abbrev=False)
    for name in ("--url", "--unit", "--older-than", "--username"):
        parser.add_argument(name)
    parser.add_argument("--keep", action="append", default=[])
    url = found.pushgateway_url or "http://h"
    (file,) = (
        each
        for each in wanted_files(found, url, "x.service", Credentials())
        if each.path.endswith(".arguments")
    )
    path = tmp_path_factory.getbasetemp() / "prune.arguments"
    path.write_bytes(file.data)
    read = parser.parse_args([f"@{path}"])
    assert read.url == url
    assert read.older_than == str(found.pushgateway_prune_after)
    assert tuple(read.keep) == found.pushgateway_prune_keep
    assert read.username == found.pushgateway_username


class Noting(BaseHTTPRequestHandler):
    """Records the requests."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Record the request and send an empty answer."""
        self.asked.append(f"http://{self.headers['Host']}{self.path}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def listening() -> Iterator[tuple[int, list[str]]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port, Noting.asked
        server.shutdown()
        thread.join()


@settings(QUICK, max_examples=60)
@given(accepted_settings("prometheus_url", "pushgateway_url"), st.booleans())
def test_curl_asks_for_the_url_as_it_is(
    listening: tuple[int, list[str]], found: Settings, in_file: bool
) -> None:
    port, asked = listening
    asked.clear()
    url = f"{found.pushgateway_url or found.prometheus_url}/-/ready"
    options = ["curl", "-q", "-sS", "--connect-to", f"::127.0.0.1:{port}"]
    if in_file:
        subprocess.run([*options, "-K", "-"], input=f'url = "{url}"\n'.encode(), check=True)
    else:
        subprocess.run([*options, url], check=True)
    parts = urlsplit(url)
    assert asked == [f"http://{parts.netloc.removesuffix(':80')}{parts.path}"]


WORDS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(" #;%=-'~")), max_size=20)


@given(st.dictionaries(st.from_regex("[a-m]{1,3}", fullmatch=True), WORDS, max_size=5))
def test_an_environment_file_holds_each_flag_as_it_is(extra: dict[str, str]) -> None:
    found = settings_of("pushgateway_extra_flags", extra)
    assume(found)
    assert found
    wanted = flags.merge((), found, keeps=lambda: False)
    for before in (None, 'ARGS=""\n', "# a\nARGS='--x=1'\nB=2\n"):
        merged = (*flags.parse_flags(environment_file.arguments(before)), *wanted)
        text = environment_file.edit(before, merged)
        assert flags.parse_flags(environment_file.arguments(text)) == merged
        assert len(text.splitlines()) <= 3


def acceptable_words() -> list[str]:
    """Return words with each character that a flag may hold, of the first 12,000 of Unicode."""
    words = []
    for number in range(12_000):
        for word in (f"a{chr(number)}b", f"{chr(number)} {chr(number)}"):
            try:
                values.check_word(word)
            except ValueError:
                continue
            words.append(word)
    return [*words, "", " ", "@/etc/passwd", "%h", "--x", "a  b"]


@pytest.mark.lab_host
def test_systemd_gives_each_flag_to_the_program_as_it_is(lab_host: Host) -> None:
    words = acceptable_words()
    assert len(words) > 10_000
    service = (
        "[Service]\nType=oneshot\nEnvironmentFile=/etc/default/echo\n"
        'ExecStart=/bin/sh -c \'printf "%%s\\\\0" "$$@" >/run/echoed\' sh $ARGS\n'
    )
    lab_host.write("/etc/systemd/system/echo.service", service.encode())
    for start in range(0, len(words), 2500):
        wanted = [Flag(f"f{n}", word) for n, word in enumerate(words[start : start + 2500])]
        lab_host.write(
            "/etc/default/echo", environment_file.edit('# x\nARGS=""\n', wanted).encode()
        )
        lab_host.run("systemctl start echo")
        assert lab_host.read("/run/echoed").decode().split("\0")[:-1] == list(map(str, wanted))
