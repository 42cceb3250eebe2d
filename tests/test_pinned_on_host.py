"""Packages in pinned versions on a real host: installed, held, changed, and no longer held after the uninstallation."""

from collections.abc import Callable
from typing import Any

import pytest

from expectations import BOOTSTRAP, FAST, assert_refused, assert_unchanged_run, groups
from host_comparison import UNINSTALL, Run, assert_as_before, listing
from labhost import Host
from trainee_commands import PUSH_TRAINING

OLD = "0.9-1"
OLDER_PACKAGE = f"""
set -e
mkdir -p /srv/apt/old && cd /srv/apt/old
apt-get -q -o Acquire::Check-Valid-Until=false update >/dev/null
cp "$(find /srv/apt -name 'prometheus-pushgateway_*.deb' | head -n 1)" new.deb
dpkg-deb -R new.deb files && rm new.deb
sed -i 's/^Version: .*/Version: {OLD}/' files/DEBIAN/control
dpkg-deb -b --nocheck files old.deb >/dev/null && rm -r files
{{ dpkg-deb -f old.deb; echo "Filename: ./old.deb"; stat -c 'Size: %s' old.deb
echo "SHA256: $(sha256sum old.deb | cut -d ' ' -f 1)"; }} >Packages
echo 'deb [trusted=yes] file:/srv/apt/old ./' >/etc/apt/sources.list.d/old.list
"""
"""Adds a package source with an older version: the same program with another number."""

VERSION = "dpkg-query -W -f='${Version}' prometheus-pushgateway"


@pytest.mark.lab_host(packages=("prometheus",))
def test_a_pinned_version_is_installed_and_held_and_let_go(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    lab_host.run(OLDER_PACKAGE)
    lab_host.run("apt-mark hold prometheus")
    prometheus = lab_host.run("dpkg-query -W -f='${Version}' prometheus").stdout
    before = listing(lab_host, "/var/lib/prometheus")
    packages = lab_host.run("dpkg -l").stdout

    def pinned(version: str, **data: object) -> dict[str, Any]:
        of_both = {
            "pushgateway_package_version": version,
            "prometheus_package_version": prometheus,
        }
        return FAST | of_both | data

    refused = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned("9.9-1"))
    assert_refused(lab_host, refused, "apt has no prometheus-pushgateway in version 9.9-1")
    assert f"{OLD}. Nothing was installed" in refused.stderr
    newest = refused.stderr.split("The versions that it has: ")[1].split(",")[0]
    assert lab_host.run(VERSION, check=False).returncode != 0
    assert lab_host.run("ls /run/systemd/system/*.d", check=False).stdout == ""

    installed = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned(OLD))
    assert installed.returncode == 0, installed.output
    assert lab_host.run(VERSION).stdout == OLD
    assert lab_host.run("apt-mark showhold").stdout == "prometheus\nprometheus-pushgateway\n"
    sessions()
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned(OLD)))
    assert sessions() == 1
    lab_host.run("DEBIAN_FRONTEND=noninteractive apt-get -qq -y upgrade")
    assert lab_host.run(VERSION).stdout == OLD

    lab_host.run(PUSH_TRAINING)
    for version in (newest, OLD):
        changed = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned(version))
        assert changed.returncode == 0, changed.output
        assert lab_host.run(VERSION).stdout == version
        assert [each["job"] for each in groups(lab_host)] == ["prometheus_training"]
        assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned(version)))
    # Groups that the restart would lose stop it before apt does anything.
    flags = "/etc/default/prometheus-pushgateway"
    lab_host.run(f"sed -i 's,^ARGS=\",&--persistence.file= ,' {flags}")
    lab_host.run("systemctl restart prometheus-pushgateway; sleep 1\n" + PUSH_TRAINING)
    lost = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=pinned(newest))
    assert_refused(lab_host, lost, "does not persist")
    assert lab_host.run(VERSION).stdout == OLD

    shown = run_pyinfra(lab_host, "-y", "--dry", UNINSTALL, data=FAST | {"lab_wipe": True})
    assert "the hold of the package prometheus-pushgateway" in shown.stderr, shown.output
    assert "the hold of the package prometheus\n" not in shown.stderr
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST | {"lab_wipe": True})
    assert gone.returncode == 0, gone.output
    assert lab_host.run("dpkg -l").stdout == packages
    assert lab_host.run("apt-mark showhold").stdout == "prometheus\n"
    assert_as_before(lab_host, run_pyinfra, before, "/var/lib/prometheus")

    # What was there before stays, and is held only as long as the toolkit is there.
    lab_host.run("apt-mark unhold prometheus")
    kept = run_pyinfra(
        lab_host, "-y", BOOTSTRAP, data=FAST | {"prometheus_package_version": prometheus}
    )
    assert kept.returncode == 0, kept.output
    assert lab_host.run("apt-mark showhold").stdout == "prometheus\n"
    gone = run_pyinfra(lab_host, "-y", UNINSTALL, data=FAST)
    assert "Not held any more: prometheus" in gone.stderr, gone.output
    assert lab_host.run("apt-mark showhold").stdout == ""
    assert lab_host.run("dpkg-query -W prometheus").stdout
