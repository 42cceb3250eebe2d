#!/bin/sh
# Gives a service the state that it had before this toolkit started it: it is started again, or stopped.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service (the name
# of the service), runs (yes: it is started again; or nothing), disables (yes: it starts at boot no more; or nothing) and
# holds (yes: it is prevented from starting; or nothing). Needs the functions of a service manager. Reads from standard
# input, as base64, the file that the manager needs to hold it (pushgateway-hold.conf).
# On failure, it prints the words of the service manager and exits with 1.

: "${mark:?}" "${service:?}"
printf '\n%s\n' "$mark"
exec 2>&1
held_by=$(cat)
[ "${disables:-}" != yes ] || service_disable "$service"
if [ "${runs:-}" = yes ]; then
    service_run "$service" restart ""
    exit
fi
service_stop "$service"
[ "${holds:-}" != yes ] || printf '%s' "$held_by" | base64 -d | service_hold "$service"
