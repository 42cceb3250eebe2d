"""Deciders of the uninstallation, without hosts: the checks, flags, groups, files and packages."""

import re

import pytest

from looks import unit
from pushgateway_lab.facts.remains import Remains, parse_remains
from pushgateway_lab.installations import web_files
from pushgateway_lab.pushgateway.client import why_unanswered
from pushgateway_lab.removal import (
    clearance,
    own_flags,
    own_groups,
    own_web_files,
    purge,
)
from pushgateway_lab.removal.traces import Traces, parse_going
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.tables.uninstall import UNINSTALL
from removal_traces import encoded, traces, with_packages
from snapshots import BOTH, GATEWAY, PROMETHEUS, argv, flags, listen, seen, settings


@pytest.mark.parametrize("key", ["prometheus_unit", "pushgateway_unit"])
def test_a_setting_names_a_unit_that_is_not_there(key: str) -> None:
    bare = Traces(seen(), Remains(paths=("/var/lib/pushgateway-lab",)), ())
    with pytest.raises(HostError, match=f"no own.service on this host .{key}.*Correct {key}, or"):
        clearance.is_done(bare, settings(**{key: "own.service"}))
    # Its package went in a run that was killed.
    of_package = {"prometheus_unit": PROMETHEUS, "pushgateway_unit": GATEWAY}[key]
    assert not clearance.is_done(bare, settings(**{key: of_package}))


def test_the_pushgateway_is_restarted_if_it_runs_with_flags_of_this_toolkit() -> None:
    words = argv("/usr/bin/prometheus-pushgateway", "--log.level=debug", "--web.enable-admin-api")
    found = traces(flags('ARGS="--log.level=debug"\n'), words, listen("127.0.0.1"))
    wanted = own_flags.plan(found, settings())
    assert wanted is not None
    assert own_flags.is_restart_due(found, wanted)
    assert own_flags.plan(found._replace(remains=Remains()), settings()) is None


def test_a_flag_for_a_file_that_goes_goes_without_a_note_too() -> None:
    text = '# ours\nARGS="--log.level=debug --web.config.file={}"\n'
    found = traces(flags(text.format(web_files.WEB_CONFIG_TLS)), listen("127.0.0.1"))
    wanted = own_flags.plan(found, settings())
    assert wanted is not None
    assert wanted.data == b'# ours\nARGS="--log.level=debug"\n'
    owners = traces(flags(text.format("/etc/own.yml")), listen("127.0.0.1"))
    assert own_flags.is_done(owners, settings())


@pytest.mark.parametrize(
    ("file", "data", "missing"),
    [
        ("web.yml", {}, "Missing: pushgateway_basic_auth_users, or .* for the user ada or b."),
        ("web.yml", {"pushgateway_username": "c"}, "Missing: pushgateway_basic_auth_users"),
        ("web.yml", {"pushgateway_username": "b"}, "was closed.$"),
        (
            "web-tls.yml",
            {"pushgateway_username": "b"},
            "Missing: pushgateway_tls_lab_ca=True, or pushgateway_ca_file; pushgateway_cert_file and its key",
        ),
        ("web-tls.yml", {"pushgateway_tls_lab_ca": True}, "_users, .*; pushgateway_cert_file"),
        ("own.yml", {}, "^It comes from there.$"),
    ],
)
def test_the_missing_settings_of_a_closed_pushgateway_are_named(
    file: str, data: dict[str, object], missing: str
) -> None:
    text = 'basic_auth_users:\n  "ada": "$2b$1"\n  "b": "$2b$2"\n'
    path = f"/etc/pushgateway-lab/{file}"
    lines = [argv("/usr/bin/prometheus-pushgateway", f"--web.config.file={path}")]
    lines += [f"web_text {path} {encoded(text)}"]
    if "tls" in file:
        lines += [f"web_mode root:0:0:444 {web_files.CLIENT_AUTHORITIES}"]
    given = settings(
        **({"pushgateway_password_file": "/p"} if "pushgateway_username" in data else {}), **data
    )
    said = why_unanswered(ValueError("It comes from there."), seen(*BOTH, *lines), given)
    assert re.search(missing, said), said
    assert ".." not in said


def test_a_pushgateway_that_was_opened_gets_no_password() -> None:
    user = {"pushgateway_username": "a", "pushgateway_password_file": "/p"}
    given, program = settings(**user), "/usr/bin/prometheus-pushgateway"
    assert own_groups.without_password(seen(argv(program)), given).pushgateway_user is None
    for word in ("/etc/own.yml", web_files.WEB_CONFIG):
        closed = seen(argv(program, f"--web.config.file={word}"))
        assert own_groups.without_password(closed, given) == given
    # Somebody's proxy.
    proxy = settings(pushgateway_url="https://push:443", **user)
    assert own_groups.without_password(seen(), proxy) == proxy


def test_the_files_for_tls_and_passwords_go_before_the_packages_and_users() -> None:
    names = [each.name for each in UNINSTALL]
    files = names.index("Remove the files for TLS and passwords")
    for earlier in ("Remove the scrape job", "Run the Pushgateway with its own flags"):
        assert names.index(earlier) < files
    for later in ("Remove the releases", "Remove the packages", "Remove the notes"):
        assert files < names.index(later)
    assert own_web_files.is_done(traces(), settings())
    assert not own_web_files.is_done(traces(paths=(web_files.SCRAPE_PASSWORD,)), settings())


def test_a_process_of_no_service_keeps_the_file_that_it_uses() -> None:
    process = f"process pushgateway 7 {encoded('0::/user.slice')}"
    for file, refused in ((web_files.WEB_CONFIG, True), ("/etc/own.yml", False)):
        found = traces(process, argv("/usr/bin/pushgateway", f"--web.config.file={file}"))
        if refused:
            with pytest.raises(
                HostError, match=r"process 7, which no service started.*Start it with"
            ):
                clearance.is_done(found, settings())
        else:
            assert not clearance.is_done(found, settings())


def test_groups_of_a_stopped_pushgateway_are_not_lost() -> None:
    file = "/var/lib/prometheus/pushgateway.data"
    failed = traces(*unit(GATEWAY, "failed"), groups_files=(file, "/var/lib/pushgateway/metrics"))
    clearance.check_stopped(failed, settings())  # it stays
    going = with_packages(failed, "prometheus-pushgateway")
    assert going.groups_files == (file,)
    with pytest.raises(HostError, match=rf"is failed.*the groups in {file}, which.*Start it, then"):
        clearance.check_stopped(going, settings())
    for key in ("lab_wipe", "pushgateway_allow_data_loss"):
        clearance.check_stopped(going, settings(**{key: True}))
    # A run that was sure, and stopped it, was killed.
    clearance.check_stopped(
        going._replace(remains=going.remains._replace(has_begun=True)), settings()
    )
    clearance.check_stopped(
        going._replace(remains=going.remains._replace(groups_files=())), settings()
    )


def test_nobody_trusts_notes_of_others() -> None:
    with pytest.raises(HostError, match="somebody else than root can write"):
        clearance.is_done(traces(is_unsafe=True), settings())
    assert not clearance.is_done(traces(), settings())
    assert clearance.is_done(traces()._replace(remains=Remains()), settings())


def test_dpkg_deletes_nothing_in_directories_of_others() -> None:
    packages = parse_remains(
        {
            "noted_package": ["prometheus asked purge", "curl asked purge"],
            "package_state": ["prometheus installed", "curl installed"],
        }
    ).packages
    left = Remains(packages=packages)
    lines = ["goes curl", "goes other", "unsafe /etc/p/a", "unsafe /etc/p", "unsafe /etc/pq"]
    assert parse_going(lines, left) == (("curl",), ("/etc/p", "/etc/pq"))
    assert parse_going([], left) == ((), ())
    with pytest.raises(HostError, match=r"Others than root can change /etc/p.*chown -R root:root"):
        clearance.is_done(traces(unsafe=("/etc/p",)), settings())


def test_packages_and_users_that_go() -> None:
    assert purge.is_done(traces(), settings())
    assert not purge.is_done(traces(users=(("user", "prometheus"),)), settings())
    found = parse_remains(
        {
            "noted_package": ["prometheus asked purge", "curl asked purge"],
            "package_state": ["prometheus installed", "curl installed"],
        }
    )
    left = traces(going=("curl",), packages=found.packages, has_packages_note=True)
    assert left.staying == ("prometheus",)
    assert not left.prometheus_goes
    assert not left.pushgateway_goes
    assert "so they stay: prometheus" in next(clearance.notes(left, settings()))
    assert not purge.is_done(left, settings())
