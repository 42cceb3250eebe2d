"""Installations of both servers: plans, addresses, packages, commands for people."""

import subprocess
from typing import Any

import pytest

from looks import SERVICES, encoded, unit
from pushgateway_lab import installations
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.installations import address
from pushgateway_lab.installations.flags import Flag, FlagError, parse_flags
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.settings import Settings, parse_settings

GATEWAY = "prometheus-pushgateway.service"
DEFAULT_FLAGS = ("--web.listen-address=127.0.0.1:9091", "--web.enable-admin-api")


def seen(*lines: str) -> Snapshot:
    """Return the snapshot of a host with this output."""
    return parse_snapshot(look_output.lines_of(["snapshot 5", "uid 0", *SERVICES, *lines, "end"]))


def settings(**data: Any) -> Settings:
    return parse_settings(data)


def flags_text(text: str) -> str:
    return f"flags_text {encoded(text)}"


def argv(*words: str) -> str:
    return f"pushgateway_argv {encoded(chr(0).join(words) + chr(0))}"


def exec_start(command_line: str) -> list[str]:
    """Return lines of the snapshot: the Pushgateway's unit with this command line."""
    lines = [line for line in unit(GATEWAY) if not line.startswith("service ExecStart")]
    shown = f"{{ path=/x ; argv[]={command_line} ; ignore_errors=no ; pid=7 }}"
    return [*lines[:-1], f"service ExecStart={shown}", "service "]


def own_unit(command_line: str) -> list[str]:
    """Return lines of the snapshot: somebody's unit of the Pushgateway, which no variable has a part in."""
    path, text = "/etc/systemd/system/x.service", f"[Service]\nExecStart={command_line}\n"
    return [
        *exec_start(command_line),
        "flags_file /etc/systemd/system/x.service.d/pushgateway-lab.conf",
        f"unit_file {encoded(path)} {encoded(text)}",
    ]


def test_the_plan_of_a_bare_host_has_the_defaults() -> None:
    plan = installations.plan(seen(), settings())
    assert tuple(map(str, plan.flags)) == DEFAULT_FLAGS
    assert plan.text == f'ARGS="{" ".join(DEFAULT_FLAGS)}"\n'


def test_the_plan_keeps_what_an_administrator_wrote() -> None:
    text = '# ours\nARGS="--log.level=debug --web.listen-address=:9092"\n'
    plan = installations.plan(seen(flags_text(text)), settings())
    assert plan.text == text.replace(':9092"', ':9092 --web.enable-admin-api"')
    assert Flag("log.level", "debug") in plan.flags
    given = settings(pushgateway_listen_address="127.0.0.1:9093", pushgateway_admin_api=False)
    plan = installations.plan(seen(flags_text(text)), given)
    assert set(map(str, plan.flags)) == {
        "--log.level=debug",
        "--web.listen-address=127.0.0.1:9093",
        "--no-web.enable-admin-api",
    }


def test_the_plan_has_the_flags_around_args_in_a_unit() -> None:
    lines = exec_start("/usr/bin/prometheus-pushgateway --log.level=warn $ARGS")
    plan = installations.plan(seen(*lines), settings())
    assert str(plan.flags[0]) == "--log.level=warn"
    assert "--log.level" not in plan.text


def test_a_unit_with_flags_of_its_own_is_right_or_gets_a_drop_in() -> None:
    right = own_unit(f"/opt/pushgateway {' '.join(DEFAULT_FLAGS)}")
    plan = installations.plan(seen(*right), settings())
    assert tuple(map(str, plan.flags)) == DEFAULT_FLAGS
    assert plan.text == ""
    wrong = own_unit("/opt/pushgateway --web.listen-address=:9091")
    plan = installations.plan(seen(*wrong), settings())
    assert plan.text.endswith(
        "\nExecStart=\nExecStart=/opt/pushgateway --web.listen-address=:9091 --web.enable-admin-api\n"
    )


def test_flags_that_cannot_be_read_are_refused_with_the_place() -> None:
    broken = seen(flags_text('ARGS="--a\n'))
    with pytest.raises(HostError, match="/etc/default/prometheus-pushgateway: line 1"):
        installations.plan(broken, settings())
    with pytest.raises(FlagError):
        installations.pushgateway(broken, settings()).written_flags(broken)


def test_the_address_is_the_set_one_else_the_running_one_else_the_planned_one() -> None:
    runs = seen(argv("pushgateway", "--web.listen-address", "127.0.0.1:9099"))
    given = settings(pushgateway_url="http://localhost:1/x")
    assert installations.running_url(runs, given) == "http://localhost:1/x"
    assert installations.planned_url(runs, given) == "http://localhost:1/x"
    assert installations.running_url(runs, settings()) == "http://127.0.0.1:9099"
    assert installations.planned_url(runs, settings()) == "http://127.0.0.1:9091"
    assert installations.running_url(seen(), settings()) == "http://127.0.0.1:9091"


def test_a_process_is_asked_as_it_speaks_tls_until_a_run_has_changed_that() -> None:
    plain = seen(argv("pushgateway"))
    closed = seen(argv("pushgateway", "--web.config.file=/etc/pushgateway-lab/web-tls.yml"))
    theirs = seen(argv("pushgateway", "--web.config.file=/etc/web.yml"))
    named = {"pushgateway_url": "http://localhost:9091"}
    with_tls = {"pushgateway_url": "https://vm01:9091", "pushgateway_tls_lab_ca": True}
    assert installations.running_url(closed, settings(**named)) == "https://127.0.0.1:9091"
    assert installations.running_url(plain, settings(**with_tls)) == "http://127.0.0.1:9091"
    assert installations.running_url(plain, settings(**named)) == "http://localhost:9091"
    assert installations.running_url(closed, settings(**with_tls)) == "https://vm01:9091"
    # The settings of somebody who only asks it.
    asks = settings(pushgateway_url="https://vm01:9091", pushgateway_ca_file="/etc/ca.pem")
    assert installations.running_url(closed, asks) == "https://vm01:9091"
    # A file of somebody else may ask for TLS; the URL of the settings says so.
    foreign = settings(pushgateway_url="https://vm01:9091")
    assert installations.running_url(theirs, foreign) == "https://vm01:9091"


COMMAND_LINES: tuple[tuple[list[str], str], ...] = (
    ([], "http://127.0.0.1:9091"),
    (["--web.listen-address=127.0.0.1:9092"], "http://127.0.0.1:9092"),
    (["--web.listen-address", "127.0.0.1:9092"], "http://127.0.0.1:9092"),
    (["--web.listen-address=:80"], "http://127.0.0.1:80"),
    (["--web.listen-address=0.0.0.0:9091"], "http://127.0.0.1:9091"),
    (["--web.listen-address=[::]:9091"], "http://127.0.0.1:9091"),
    (["--web.listen-address=[::1]:9091"], "http://[::1]:9091"),
    (["--web.listen-address=localhost:9091"], "http://127.0.0.1:9091"),
    (["--web.listen-address=vm:9091"], "http://vm:9091"),
    (["--web.listen-address=:1", "--web.listen-address=:2"], "http://127.0.0.1:1"),
    (["--web.route-prefix=/push"], "http://127.0.0.1:9091/push"),
    (["--web.route-prefix", "push/"], "http://127.0.0.1:9091/push"),
    (["--web.route-prefix=/"], "http://127.0.0.1:9091"),
    (["--web.external-url=http://vm/push/"], "http://127.0.0.1:9091/push"),
    (["--web.external-url=http://vm"], "http://127.0.0.1:9091"),
    (["--web.external-url=http://["], "http://127.0.0.1:9091"),
    (["--web.external-url", "http://vm/a", "--web.route-prefix=/b"], "http://127.0.0.1:9091/b"),
    (["--log.level=debug", "--web.enable-admin-api"], "http://127.0.0.1:9091"),
)


@pytest.mark.parametrize(("words", "url"), COMMAND_LINES)
def test_the_package_and_the_look_find_the_same_address(words: list[str], url: str) -> None:
    assert address.url(parse_flags(words)) == url
    # The shell function of the look, with the command line of this process instead of the Pushgateway's.
    look = host_file("flags-in-use.sh").replace('"/proc/$1/cmdline"', '"$given"')
    program = f'{look}\nread_flags 1\nfind_url :9091\nprintf %s "$url"'
    found = subprocess.run(
        ["sh", "-c", f'given=$(mktemp) && cat >"$given"\n{program}\nrm "$given"'],
        input=("\0".join(["pushgateway", *words]) + "\0").encode(),
        capture_output=True,
        check=True,
    )
    assert found.stdout.decode() == url


@pytest.mark.parametrize(
    ("listens", "scraped", "by_address"),
    [
        (":9091", "localhost:9091", "127.0.0.1:9091"),
        ("0.0.0.0:9091", "localhost:9091", "127.0.0.1:9091"),
        ("localhost:9091", "localhost:9091", "127.0.0.1:9091"),
        ("127.0.0.1:9092", "localhost:9092", "127.0.0.1:9092"),
        ("[::1]:9091", "localhost:9091", "[::1]:9091"),
        ("127.0.0.2:9091", "127.0.0.2:9091", "127.0.0.2:9091"),
        ("10.0.0.7:9091", "10.0.0.7:9091", "10.0.0.7:9091"),
        ("vm:9091", "vm:9091", "vm:9091"),
    ],
)
def test_what_prometheus_scrapes_on_the_host_itself(
    listens: str, scraped: str, by_address: str
) -> None:
    given = [Flag("web.listen-address", listens)]
    assert address.local_address(given) == scraped
    assert address.local_address(given, by_name=False) == by_address


def test_only_what_is_missing_is_installed() -> None:
    def missing(*lines: str, **data: Any) -> list[str]:
        return installations.missing_packages(seen(*lines), settings(**data))

    assert missing() == ["prometheus", "prometheus-pushgateway", "curl"]
    both = [*unit("prometheus.service"), *unit(GATEWAY), "tool curl"]
    assert missing(*both) == []
    assert missing(*both, "promtool_package available") == ["promtool"]
    assert missing(*both, "promtool_package available", "tool promtool") == []
    assert missing(*both, pushgateway_prune_after="1h") == ["python3"]
    # A package without its unit, and a Prometheus that answers without package and unit.
    answers = "listen 0100007F:2382 1"
    assert missing(answers, "package prometheus-pushgateway installed 1.5", "tool curl") == []
    assert missing(answers, "tool curl", prometheus_url="http://127.0.0.1:9999") == [
        "prometheus",
        "prometheus-pushgateway",
    ]


def test_the_settings_name_other_services() -> None:
    named = settings(prometheus_unit="prom.service", pushgateway_unit="push.service")
    assert installations.prometheus(seen(), named).service.name == "prom.service"
    assert installations.pushgateway(seen(), named).service.name == "push.service"
    variables = installations.look_variables(named)
    assert variables["prometheus_unit"] == "prom.service"
    assert variables["pushgateway_unit"] == "push.service"
    lines = ["prometheus_service prom.service", "pushgateway_service push.service"]
    found = parse_snapshot(
        look_output.lines_of(
            ["snapshot 5", "uid 0", *lines, *unit("push.service", active="failed"), "end"]
        )
    )
    assert found.pushgateway.has_failed
    assert not found.prometheus.exists


def test_what_a_person_types_to_change_flags() -> None:
    installation = installations.pushgateway(seen(), settings())
    edit = "sudoedit /etc/default/prometheus-pushgateway"
    restart = "sudo systemctl restart prometheus-pushgateway"
    assert installation.to_edit_flags() == f"{edit}\n{restart}"
    shown = installation.to_edit_flags(Flag("web.enable-admin-api", value=True))
    assert shown == f'{edit}   # ARGS="... --web.enable-admin-api"\n{restart}'
    assert installation.to_see_flags.endswith(restart)


def test_the_file_with_prometheuss_flags_is_the_one_of_its_unit() -> None:
    shown = "{ path=/x ; argv[]=/opt/prometheus $OPTS ; ignore_errors=no ; pid=7 }"
    lines = [
        f"service ExecStart={shown}" if line.startswith("service ExecStart") else line
        for line in unit("prometheus.service")
    ]
    lines.insert(-1, "service EnvironmentFiles=/etc/sysconfig/prom (ignore_errors=yes)")
    installation = installations.prometheus(seen(*lines), settings())
    assert installation.flags_place == "OPTS in /etc/sysconfig/prom"
    assert installation.to_edit_flags() == (
        "sudoedit /etc/sysconfig/prom\nsudo systemctl restart prometheus"
    )
    assert 'write OPTS="--web.listen-address' in installation.to_change_port
    bare = installations.prometheus(seen(), settings())
    assert bare.flags_place == "ARGS in /etc/default/prometheus"
