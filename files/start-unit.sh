#!/bin/sh
# Has a systemd unit run, and start with the host.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), unit, how ("start", or "restart" where it runs with what it should not).
# Prints what systemctl says where it fails, and exits with 1 then.

: "${mark:?}" "${unit:?}" "${how:?}"
printf '\n%s\n' "$mark"
timeout 30 systemctl enable --quiet -- "$unit" 2>&1 && timeout 90 systemctl "$how" -- "$unit" 2>&1
