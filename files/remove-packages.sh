#!/bin/sh
# Removes packages and holds, and the users that they made. dpkg removes no other package: it refuses if one is needed.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), held (packages
# that apt may change again, a list of words), purged and removed (lists of words: packages without and with their
# configuration files to be kept), services (those of the packages, a list of words), users (lines "user NAME" or
# "group NAME") and keepers (a pattern for dpkg-query: while such a package is installed, the users stay). Needs the
# functions of a service manager, of a package manager and of remove-users.sh. Only root may be able to change the directories of the
# configuration files, see removable-packages.sh.
# Prints the users that stay: lines "KIND NAME: REASON". On failure, it prints the words of dpkg and exits with 1.

: "${mark:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
# dpkg would delete the file to which such a link leads.
# shellcheck disable=SC2086 # a list of words
[ -z "${purged:-}" ] || package_config_files $purged | while IFS= read -r file; do
    if [ -L "$file" ]; then rm -f -- "$file"; fi
done
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
# shellcheck disable=SC2034 # remove_users uses it
needed=$(dpkg-query -W -f='${db:Status-Status}\n' -- "${keepers:-}" 2>/dev/null | grep -x installed)
remove_users
exit 0
