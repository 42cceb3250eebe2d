#!/bin/sh
# Stops a service.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# service (the name of the service). Needs the functions of a service manager.

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
service_stop "$service"
