#!/bin/sh
# Stops the prune and removes its units and files.
#
# Takes, as shell variables set before it: service and timer (its units), files (one a line).

: "${service:?}" "${timer:?}" "${files:?}"
systemctl disable --quiet --now "$timer" 2>/dev/null
systemctl stop "$service" 2>/dev/null
printf '%s\n' "$files" | xargs -r -d '\n' rm -f -- || exit 1
rmdir /etc/pushgateway-lab /usr/local/lib/pushgateway-lab 2>/dev/null
systemctl daemon-reload
# Otherwise a run that failed would be remembered.
systemctl reset-failed "$service" 2>/dev/null
exit 0
