"""A hunt for a generated password of the Pushgateway, after all deploys at the highest verbosity, on a real host."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import BOOTSTRAP, FAST, INSTALLED, PREPARE, RESET, VERIFY
from host_comparison import UNINSTALL
from hunting import forms, places_here, places_on_host, watched
from labhost import Host, PyinfraResult
from pushgateway_lab.credentials import kept_passwords
from pushgateway_lab.credentials.lab_authority import authorities
from pushgateway_lab.installations import web_files
from pushgateway_lab.pruning import layout

USER = "trainer"
GROUPS = ("pushgateway_lab.groups.push", 'labels={"job": "x"}', "body=a 1")


@pytest.mark.lab_host(packages=INSTALLED, user=USER)
def test_a_password_is_only_where_it_has_to_be(
    lab_host: Host,
    run_pyinfra: Callable[..., PyinfraResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kept = kept_passwords.keep(lab_host.name)
    secrets = forms(kept.read_text().strip(), USER)
    data = FAST | {
        "pushgateway_username": USER,
        "pushgateway_generate_password": True,
        "pushgateway_tls_lab_ca": True,
        "pushgateway_prune_after": "24h",
        "lab_wipe": True,
        "report": str(tmp_path / "report"),
    }
    with watched(secrets) as shown:
        results = [
            run_pyinfra(lab_host, "-y", "-vvv", "--debug", *words, data=data, sudo=True)
            for words in (
                ("--dry", BOOTSTRAP),
                (BOOTSTRAP,),
                (VERIFY,),
                (RESET,),
                (PREPARE,),
                (BOOTSTRAP,),
                ("--dry", UNINSTALL),
            )
        ]
        pushed = run_pyinfra(lab_host, "-y", "-vvv", *GROUPS, data=data, sudo=True)
        wrong = data | {"pushgateway_generate_password": False, "pushgateway_tls_lab_ca": False}
        withheld = run_pyinfra(lab_host, "-y", "-vvv", VERIFY, data=wrong, sudo=True)
    assert [each.returncode for each in (*results, pushed)] == [0] * 8, [
        each.output for each in (*results, pushed) if each.returncode
    ]
    assert shown == []
    for each in (*results, pushed, withheld):
        assert not [secret for secret in secrets if secret.decode() in each.output]
    # The prune and Prometheus log in; the Pushgateway itself has a hash.
    allowed = {layout.PASSWORD, *web_files.SCRAPE_PASSWORDS}
    found = places_on_host(lab_host, secrets)
    assert found <= allowed, found
    assert layout.PASSWORD in found
    modes = lab_host.run(f"stat -c '%a %U' {' '.join(sorted(found))}").stdout.splitlines()
    assert set(modes) <= {"400 prometheus", "600 root"}
    assert places_here(tmp_path, secrets) == {str(kept.relative_to(tmp_path))}
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in authorities()

    removed = run_pyinfra(lab_host, "-y", UNINSTALL, data=data, sudo=True)
    assert removed.returncode == 0, removed.output
    assert places_on_host(lab_host, secrets) == set()
