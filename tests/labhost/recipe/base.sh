#!/bin/sh
# Builds the base image of one Debian release: base.sh SUITE ROOT KEYRING RECIPE
#
# image.py runs this in mount and PID namespaces of its own: every mount made here, and every
# process, is gone with this script, however it ends.
set -eu

suite=$1 root=$2 keyring=$3 recipe=$4

# An older debootstrap does not know the names of later releases; all of them are built alike.
scripts=/usr/share/debootstrap
if [ ! -e "$scripts/scripts/$suite" ]; then
    mkdir -p "$root.scripts"
    cp -a "$scripts/." "$root.scripts"
    ln -s sid "$root.scripts/scripts/$suite"
    export DEBOOTSTRAP_DIR="$root.scripts"
fi

# No curl: the toolkit installs it where it is missing, so a bare host must miss it.
debootstrap --variant=minbase --keyring="$keyring" \
    --include=systemd,systemd-sysv,dbus,openssh-server,python3,ca-certificates,iproute2,sudo \
    "$suite" "$root"
rm -rf "$root.scripts"

mount --bind "$recipe" "$root/mnt"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
exec chroot "$root" /bin/sh /mnt/provision.sh
