#!/bin/sh
# Makes a lab host out of a fresh debootstrap. Runs in a chroot of the image, the recipe on /mnt,
# while the network and the package sources of the build still work; afterwards neither does.
set -eu

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# The index of a release in the making, or of one no longer supported, may be past its date.
fetch() {
    apt-get -q -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root "$@"
}

# /srv/apt: all that a test may install, so that hosts use real apt without any network.
# Recommended packages are fetched too: installing with them must work as it does elsewhere.
download_packages() {
    fetch update
    set -- prometheus prometheus-pushgateway curl acl attr xz-utils tcsh fish cloud-init locales ufw
    # In older releases promtool is part of the prometheus package, and the programs in Rust are missing.
    for package in promtool rust-coreutils sudo-rs crun; do
        if apt-cache show "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi
    done
    mkdir -p /srv/apt/partial
    fetch install --yes --download-only -o Dir::Cache::archives=/srv/apt "$@"
    # cloud-init must not be installed beside it.
    fetch install --yes --download-only -o Dir::Cache::archives=/srv/apt firewalld netbase
    rm -rf /srv/apt/partial /srv/apt/lock
    cd /srv/apt
    for package in *.deb; do
        dpkg-deb --field "$package"
        echo "Filename: ./$package"
        echo "Size: $(stat -c %s "$package")"
        echo "SHA256: $(sha256sum <"$package" | cut -d ' ' -f 1)"
        echo
    done >Packages
    cd /
}

# A host starts without package lists, as many a fresh VM does: who installs must update first.
use_only_downloaded_packages() {
    rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/* /var/cache/apt/*.bin
    echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list
    : >/etc/resolv.conf
}

# root: by key. trainer: sudo without a password. student: no sudo rights at all.
add_logins() {
    ssh-keygen -q -t ed25519 -N '' -C lab -f /srv/ssh_key
    for login in root trainer student; do
        [ "$login" = root ] || useradd --create-home --shell /bin/bash "$login"
        home=$(getent passwd "$login" | cut -d : -f 6)
        install -d -m 700 -o "$login" -g "$login" "$home/.ssh"
        install -m 600 -o "$login" -g "$login" /srv/ssh_key.pub "$home/.ssh/authorized_keys"
    done
    install -m 440 /mnt/sudoers /etc/sudoers.d/trainer
}

configure_sshd() {
    install -m 644 /mnt/sshd.conf /etc/ssh/sshd_config.d/lab.conf
    mkdir -p /run/sshd
    # Tests fail to log in on purpose; newer releases would lock their address out for it.
    if sshd -t -o PerSourcePenalties=no 2>/dev/null; then
        echo 'PerSourcePenalties no' >>/etc/ssh/sshd_config.d/lab.conf
    fi
    sshd -t
}

# Units that cannot work in a container, wait for one, or take apt's lock at a time of their own.
mask_units() {
    for unit in systemd-logind.service systemd-logind-varlink.socket console-getty.service \
        systemd-resolved.service systemd-networkd.service systemd-networkd.socket \
        systemd-networkd-wait-online.service systemd-modules-load.service \
        systemd-firstboot.service systemd-timesyncd.service nvmf-autoconnect.service \
        apt-daily.timer apt-daily-upgrade.timer; do
        ln -sf /dev/null "/etc/systemd/system/$unit"
    done
}

download_packages
add_logins
configure_sshd
mask_units
use_only_downloaded_packages
# Empty, not absent: every host makes up its own, and systemd asks no first-boot questions.
: >/etc/machine-id
rm -rf /var/lib/dbus/machine-id /var/cache/apt/archives/*.deb /var/log/*.log /run/sshd
