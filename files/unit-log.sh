#!/bin/sh
# Prints the end of the log of a systemd unit.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), unit.

: "${mark:?}" "${unit:?}"
printf '\n%s\n' "$mark"
timeout 10 journalctl --no-pager -o cat -n 5 -u "$unit" | head -c 8000
