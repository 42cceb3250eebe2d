#!/bin/sh
# Allows a service to start again after hold-service.sh.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# service (the name of the service). Needs the functions of a service manager. Prints "held" if it was prevented from
# starting.

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
if service_is_held "$service"; then echo held; fi
service_release "$service" 2>&1
