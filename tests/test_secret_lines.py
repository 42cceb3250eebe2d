"""Secrets on the standard input of scripts: what the shell reads, what curl gets, and who may receive a password."""

import gzip
import os
import shutil
import socket
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from certificates import make_authority
from pushgateway_lab.formats.secret_lines import (
    END,
    SecretLines,
    for_prometheus,
    joined,
    to_compare,
)
from pushgateway_lab.formats.sockets import listening, reached
from pushgateway_lab.host import script_access
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.settings import parse_settings

PASSWORD = "s3cret: ü\"'\\$x"  # noqa: S105 - a test's
LOGIN = b64encode(f"me:{PASSWORD}".encode()).decode()
PEM = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"


def shell(text: str, stdin: str = "", path: str = "/usr/bin:/bin", **variables: str) -> str:
    """Return the output of a script with the functions of secret-lines.sh."""
    done = subprocess.run(
        ["/bin/sh", "-c", host_file("secret-lines.sh") + text],
        env={"PATH": path, **variables},
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert done.stderr == ""
    return done.stdout


def sent(secrets: SecretLines, following: str = "") -> str:
    return "".join(f"{line}\n" for line in (*secrets.lines, END)) + following


def test_the_shell_reads_what_the_package_writes_and_leaves_the_rest() -> None:
    secrets = joined(
        to_compare([("/etc/a", b"\0\xff")]),
        for_prometheus("me", PASSWORD, PEM),
        to_compare([("/b", b"")]),
    )
    text = 'read_secrets; printf "%s|" "$secrets_compared" "$prometheus_login" "$prometheus_authorities"; cat'
    compared, login, authorities, rest = shell(text, sent(secrets, "the text\n")).split("|")
    assert compared == "\n/etc/a AP8=\n\n/b \n"
    assert login == LOGIN
    assert authorities == PEM.rstrip("\n")
    assert rest == "the text\n"


def test_no_secret_gets_into_the_environment_of_programs() -> None:
    secrets = joined(to_compare([("/a", PASSWORD.encode())]), for_prometheus("me", PASSWORD, PEM))
    names = ("secret", "secrets_compared", "prometheus_login", "prometheus_authorities")
    given = dict.fromkeys(names, "exported")
    assert "=" in shell("read_secrets; env", sent(secrets), **given)
    for secret in (LOGIN, "MII=", b64encode(PASSWORD.encode()).decode(), "exported"):
        assert secret not in shell("read_secrets; env", sent(secrets), **given)


def test_no_secret_is_shown() -> None:
    secrets = joined(to_compare([("/a", PASSWORD.encode())]), for_prometheus("me", PASSWORD, ""))
    assert repr(secrets) == str(secrets) == "SecretLines(2 lines)"
    assert for_prometheus(None, "", "") == SecretLines()


@pytest.fixture
def fake_curl(tmp_path: Path) -> str:
    """A PATH with a curl that prints its arguments, its standard input and the certificates."""
    text = '#!/bin/sh\necho "$@"\ncase "$*" in *"--config -"*) cat ;; esac\ncat /dev/fd/7 2>/dev/null || :\n'
    program = tmp_path / "curl"
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return f"{tmp_path}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("username", "authorities", "options", "handed"),
    [
        (None, "", "", [""]),
        ("me", "", "--config - ", [f'header = "Authorization: Basic {LOGIN}"', ""]),
        (None, PEM, "--cacert /dev/fd/7 ", PEM.splitlines()),
        ("me", PEM, "--config - --cacert /dev/fd/7 ", [f'header = "Authorization: Basic {LOGIN}"', *PEM.splitlines()]),
    ],
)  # fmt: skip
def test_curl_gets_secrets_on_a_pipe_and_none_as_an_argument(
    fake_curl: str, username: str | None, authorities: str, options: str, handed: Sequence[str]
) -> None:
    secrets = for_prometheus(username, PASSWORD, authorities)
    said = shell("read_secrets; ask_prometheus --url x", sent(secrets), path=fake_curl).splitlines()
    assert said[0] == f"-q --silent --globoff --noproxy * --proto =http,https {options}--url x"
    assert [line for line in said[1:] if line] == [line for line in handed if line]


def test_a_server_that_is_not_prometheus_gets_none(fake_curl: str) -> None:
    secrets = for_prometheus("me", PASSWORD, PEM)
    said = shell("read_secrets; ask_server --url x", sent(secrets), path=fake_curl)
    assert said == "-q --silent --globoff --noproxy * --proto =http,https --url x\n"


class Server(BaseHTTPRequestHandler):
    """A server that notes the headers of its requests."""

    heard: ClassVar[list[tuple[int, str, str | None]]]

    def do_GET(self) -> None:
        """Note a request, and answer with no data."""
        port = int(self.headers["Host"].rpartition(":")[2])
        self.heard.append((port, self.path, self.headers["Authorization"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("answers", [True, False])
def test_the_pushgateway_does_not_get_the_password_of_prometheus(*, answers: bool) -> None:
    """Check that one curl asks both servers for a lab's look."""
    Server.heard = []
    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            made = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Server))
            threading.Thread(target=made.serve_forever, args=(0.05,)).start()
            stack.callback(made.shutdown)
            ports.append(made.server_address[1])
        given = {
            "prometheus_said": "prometheus_config {}" if answers else "",
            "prometheus_url": f"http://127.0.0.1:{ports[0]}",
            "receiver": str(os.getpid()),
            "gateway": f"http://127.0.0.1:{ports[1]}",
            "telemetry": "/metrics",
            "questions": "/api/one\n/api/two?x=LAB_AGE",
            "age": "5",
            "mark": "mark",
            "most_answered": "100000",
        }
        text = host_file("look-at-lab.sh") + "read_secrets; ask"
        said = shell(text, sent(for_prometheus("me", PASSWORD, "")), **given)
    asked = [(ports[0], path, f"Basic {LOGIN}") for path in ("/api/one", "/api/two?x=5")]
    of_gateway = ("/api/v1/metrics", "/api/v1/status", "/metrics")
    assert Server.heard == [
        *(asked if answers else []),
        *((ports[1], path, None) for path in of_gateway),
    ]
    answer = next(line for line in said.splitlines() if line.startswith("answers "))
    count = gzip.decompress(b64decode(answer.split(" ")[1])).count(b"{}\nmark 200\n")
    assert count == len(Server.heard)


# Who may receive the password over plain http

OTHERS = """
import socket, sys
held = []
for where in sys.argv[1:]:
    address, _, port = where.rpartition(" ")
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if ":" in address:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, int(port)))
    made.listen()
    held.append(made)
print("listening", flush=True)
sys.stdin.read()
"""


def listen_here(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if ":" in address:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    made.listen()
    return made


def free_port() -> int:
    """Return a port on which nobody listens, at any address."""
    with socket.socket(socket.AF_INET6) as made:  # for IPv4, too
        made.bind(("::", 0))
        port: int = made.getsockname()[1]
        return port


def is_allowed_by_the_package(url: str, process: int) -> bool:
    """Decide as `pushgateway_lab.facts.listeners` does, from the tables of this machine."""
    listeners = [
        each
        for table in ("tcp", "tcp6")
        for each in listening(Path(f"/proc/net/{table}").read_text().splitlines()[1:], "little")
    ]
    own = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        if descriptor.is_symlink():
            own.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = reached(listeners, url)
    return bool(found) and {each.inode for each in found} <= own


@pytest.mark.parametrize(
    ("host", "own", "others", "allowed"),
    [
        ("127.0.0.1", ["127.0.0.1"], [], True),
        ("127.0.0.1", ["0.0.0.0"], [], True),
        ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "::1"], True),
        ("127.200.3.45", ["127.200.3.45"], ["127.0.0.1"], True),
        ("[::1]", ["::1"], ["127.0.0.1"], True),
        ("127.0.0.1", [], [], False),
        ("127.0.0.1", [], ["127.0.0.1"], False),
        ("127.0.0.1", ["127.0.0.2"], ["127.0.0.1"], False),
        ("127.0.0.1", ["::1"], ["127.0.0.1"], False),
        ("127.0.0.1", ["127.0.0.1"], ["::"], False),
        ("[::1]", ["127.0.0.1"], ["::1"], False),
    ],
)
def test_the_shell_and_the_package_agree_who_receives_it(
    host: str, own: Sequence[str], others: Sequence[str], *, allowed: bool
) -> None:
    with ExitStack() as stack:
        port = free_port()
        for address in own:
            stack.enter_context(listen_here(address, port))
        words = [f"{address} {port}" for address in others]
        helper = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", OTHERS, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        assert helper.stdout
        assert helper.stdout.readline() == "listening\n"
        url = f"http://{host}:{port}/prom"
        said = shell(f'if listens_alone {os.getpid()} "{url}"; then echo yes; else echo no; fi')
        assert said == ("yes\n" if allowed else "no\n")
        assert is_allowed_by_the_package(url, os.getpid()) == allowed


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "localhost", "127.1", "127.0.0.256", "127.0.0.01", "127.0.0.1.5", "127.0..1"),
        *("0x7f.0.0.1", "127.0.0.1 ", "127.0.0.x", "[::]", "[::ffff:127.0.0.1]", "me@127.0.0.1", ""),
    ],
)  # fmt: skip
def test_what_is_no_plain_loopback_address_gets_no_password(address: str) -> None:
    with listen_here("0.0.0.0", 0) as made:
        port = made.getsockname()[1]
        text = 'if listens_alone "$process" "$url"; then echo yes; else echo no; fi'
        for url in (f"http://{address}:{port}", f"http://{address}"):
            assert shell(text, process=str(os.getpid()), url=url) == "no\n"


@pytest.mark.parametrize(
    ("url", "process", "says"),
    [
        ("https://prometheus.example.org", "0", "sent"),
        ("http://127.0.0.1:1", "0", "withheld"),
        ("http://127.0.0.1:1", "1", "withheld"),
        ("ftp://127.0.0.1", "1", "withheld"),
    ],
)
def test_a_password_that_is_withheld_is_gone(url: str, process: str, says: str) -> None:
    text = 'read_secrets; guard_login "$url" "$process" && echo sent || echo "withheld$prometheus_login"'
    given = {"url": url, "process": process}
    assert shell(text, sent(for_prometheus("me", PASSWORD, "")), **given) == f"{says}\n"
    # Without a password, there is nothing to withhold.
    assert shell(text, sent(SecretLines()), **given) == "sent\n"


@pytest.mark.parametrize(
    ("in_group", "main_pid", "given"),
    [
        ("my.service", 0, 7),
        ("", 7, 7),
        ("other.service", 7, 7),
        # Another program has got its id since the look.
        ("", 0, 0),
        ("", 8, 0),
        ("other.service", 8, 0),
    ],
)
def test_a_transaction_asks_whose_the_process_is_before_each_question(
    in_group: str, main_pid: int, given: int
) -> None:
    source = host_file("replace-config.sh")
    functions = source[source.index("metric() {") : source.index("\nreload() {")]
    stubs = (
        f"service_of_process() {{ echo {in_group}; }}; service_ask() {{ main_pid={main_pid}; }}; "
        'guard_login() { echo "$2"; return 1; }; is_number() { :; }; ask_prometheus() { :; }\n'
    )
    ask = "service=my.service; receiver=7; metric successful"
    assert shell(f"{stubs}{functions}\nprometheus_login=x; {ask}") == f"{given}\n"
    # Without a password, nothing is asked.
    assert shell(f"{stubs}{functions}\nprometheus_login=; {ask}") == "7\n"


# What the settings give


def test_the_settings_give_the_url_and_the_secrets_of_scripts(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    make_authority(tmp_path)
    authority = (tmp_path / "ca.pem").read_text(encoding="ascii")
    assert script_access.to_prometheus(parse_settings({})) == ("http://127.0.0.1:9090", ((),))
    data = {
        "prometheus_url": "http://localhost:9090/prom",
        "prometheus_username": "me",
        "prometheus_password_file": str(tmp_path / "password"),
    }
    assert script_access.to_prometheus(parse_settings(data)) == (
        "http://127.0.0.1:9090/prom",
        for_prometheus("me", PASSWORD, ""),
    )
    over_tls = data | {
        "prometheus_url": "https://localhost",
        "prometheus_ca_file": str(tmp_path / "ca.pem"),
    }
    assert script_access.to_prometheus(parse_settings(over_tls)) == (
        "https://localhost",
        for_prometheus("me", PASSWORD, authority),
    )
    elsewhere = data | {"prometheus_url": "http://prom.example.org"}
    with pytest.raises(HostError, match="over plain http, others on the network can read it"):
        script_access.to_prometheus(parse_settings(elsewhere))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"prometheus_username": "me", "prometheus_password_file": "/nowhere"}, "/nowhere cannot be read here"),
        ({"prometheus_ca_file": "/nowhere"}, "prometheus_ca_file: /nowhere cannot be read here"),
    ],
)  # fmt: skip
def test_what_the_settings_must_not_have(data: dict[str, str], says: str) -> None:
    with pytest.raises(HostError, match=says):
        script_access.to_prometheus(parse_settings(data))
