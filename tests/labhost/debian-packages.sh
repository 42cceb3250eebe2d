#!/bin/sh
# Installs the Debian packages of this machine that `make lab` or `make test` needs and that are
# missing. With "lab", a machine where that cannot be done ends the run; with "test", the tests that
# need no hosts still run, and pytest tells what it left out.

purpose=${1:?lab or test}
packages="python3-venv systemd-container debootstrap iproute2 openssh-client debian-archive-keyring"
[ "$purpose" = lab ] || packages="$packages shellcheck chromium chromium-driver"

cannot() {
    echo "$1" >&2
    echo "What works here: make setup, then" >&2
    echo "  .venv/bin/pyinfra -y HOST deploy/bootstrap.py    against a Debian or Ubuntu host of yours" >&2
    echo "  make lint unit                                   the checks and tests that need no host" >&2
    [ "$purpose" = test ] && [ "${CI:-}" != true ] && exit 0
    exit 1
}

[ "$(uname -s)" = Linux ] || cannot "Lab hosts boot on Linux only; this is $(uname -s)."

missing=
for package in $packages; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
    [ "$status" = installed ] || missing="$missing $package"
done

if [ "$(id -u)" -ne 0 ]; then
    cannot "Booting lab hosts takes root, and you are $(id -un)${missing:+; missing packages:$missing}. Try: sudo make $purpose"
fi
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null ||
    cannot "This machine has no apt-get. Install what Debian calls:$missing"
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; }; then
    cannot "apt-get could not install:$missing"
fi
