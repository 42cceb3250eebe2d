#!/bin/sh
# Has a service run, and start with the host.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), service (its name), how ("start", or "restart" where it runs with what it should not); and the
# functions of a service manager.
# Prints what the service manager says where it fails, and exits with 1 then.

: "${mark:?}" "${service:?}" "${how:?}"
printf '\n%s\n' "$mark"
service_run "$service" "$how" 2>&1
