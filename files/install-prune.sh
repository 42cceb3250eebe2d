#!/bin/sh
# Puts the files of the prune in place and has its timer run.
#
# Takes, as shell variables set before it: timer (its unit), obsolete (files to remove, one a line).
# On standard input: a tar archive of the files, as base64.

: "${timer:?}"
set -e
# Nothing is to start it while its files are being replaced.
systemctl stop "$timer" 2>/dev/null || true
printf '%s\n' "${obsolete:-}" | xargs -r -d '\n' rm -f --
base64 -d | tar -x -p -m --numeric-owner -C /
systemctl daemon-reload
systemctl enable --quiet --now "$timer"
