#!/bin/sh
# Removes packages and holds, and the users that they made. dpkg removes no other package: it refuses if one is needed.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), held (packages
# that apt may change again, a list of words), purged and removed (lists of words: packages without and with their configuration files to be kept), services (those of the
# packages, a list of words), users (lines "user NAME" or "group NAME") and keepers (a pattern for dpkg-query: while such a package is
# installed, the users stay). Needs the functions of a service manager.
# Prints the users that stay, one a line. On failure, it prints the words of dpkg and exits with 1.

: "${mark:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
if [ -n "${held:-}" ]; then
    said=$(apt-mark unhold $held 2>&1) || {
        printf '%s\n' "$said" | tail -n 10
        exit 1
    }
fi
for service in ${services:-}; do service_stop "$service"; done
for how in purge remove; do
    packages=${purged:-}
    [ "$how" = purge ] || packages=${removed:-}
    # shellcheck disable=SC2086 # a list of words
    if [ -n "$packages" ]; then
        said=$(dpkg "--$how" $packages </dev/null 2>&1) || {
            printf '%s\n' "$said" | tail -n 10
            exit 1
        }
    fi
done
service_reload_all
printf '%s\n' "${users:-}" | while read -r kind name; do
    case $kind in
    user) getent passwd "$name" >/dev/null || continue ;;
    group) getent group "$name" >/dev/null || continue ;;
    *) continue ;;
    esac
    if dpkg-query -W -f='${db:Status-Status}\n' -- "${keepers:-}" 2>/dev/null | grep -qx installed; then
        echo "$kind $name"
        continue
    fi
    if [ "$kind" = user ]; then userdel "$name"; else groupdel "$name"; fi >/dev/null 2>&1 || echo "$kind $name"
done
