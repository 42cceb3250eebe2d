#!/bin/sh
# Makes a place for the drop-in of a service, removes the drop-in, or has the service manager read it.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), service (its
# name) and change ("make place", "remove" or "reread"). Needs the functions of a service manager.

: "${mark:?}" "${change:?}" "${service:?}"
printf '\n%s\n' "$mark"
case $change in
"make place") service_make_place_for_drop_in "$service" ;;
remove) service_remove_drop_in "$service" ;;
reread) service_reread "$service" ;;
esac
