#!/bin/sh
# Installs packages into a layer on an image: layer.sh BASE LAYER WORK MERGED PACKAGE...
#
# image.py runs this in mount and PID namespaces of its own, as base.sh. The packages come from
# the image's own /srv/apt. Their services are enabled but not started: they start when a host
# that uses the layer boots.
set -eu

base=$1 layer=$2 work=$3 merged=$4
shift 4

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer,workdir=$work" "$merged"
mount -t proc proc "$merged/proc"

printf '#!/bin/sh\nexit 101\n' >"$merged/usr/sbin/policy-rc.d"
chmod 755 "$merged/usr/sbin/policy-rc.d"
chroot "$merged" apt-get -q -o APT::Sandbox::User=root update
chroot "$merged" apt-get -q --yes --no-install-recommends install "$@"
rm -rf "$merged/usr/sbin/policy-rc.d" "$merged"/var/lib/apt/lists/* "$merged"/var/cache/apt/*.bin
: >"$merged/etc/machine-id"
