#!/bin/sh
# Keeps a service from starting while its package is being installed.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), service (its name); and the functions of a service manager. On standard input, as base64: what
# that manager needs for it (pushgateway-hold.conf).

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
base64 -d | service_hold "$service" 2>&1
