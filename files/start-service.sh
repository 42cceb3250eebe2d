#!/bin/sh
# Enables and starts a service.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer),
# service (the name of the service), how ("start" or "restart") and enable (yes or nothing). Needs the functions of
# a service manager.
# On failure, it prints the words of the service manager and exits with 1.

: "${mark:?}" "${service:?}" "${how:?}"
printf '\n%s\n' "$mark"
service_run "$service" "$how" "${enable:-}" 2>&1
