#!/bin/sh
# Removes packages, and the users that they made. dpkg removes no other package: it refuses if one is needed.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), purged and
# removed (lists of words: packages without and with their configuration files to be kept), services (those of the
# packages, a list of words), users (lines "user NAME" or "group NAME") and keepers (a pattern for dpkg-query: while such a
# package is installed, the users stay). Needs the functions of a service manager and of a package manager. Only root may
# be able to change the directories of the configuration files, see removable-packages.sh.
# Prints the users that stay: lines "KIND NAME: REASON". On failure, it prints the words of dpkg and exits with 1.

: "${mark:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
SEARCH_TIMEOUT=120 # seconds for the search for files of the users

# Prints the first file found that belongs to one of the users and groups. The next user of this host may get the same
# id, and with it the file: everybody could run as that user with a program that has the set-user-id bit.
file_of_users() {
    set --
    while read -r kind name; do
        is_there && set -- "$@" ${1:+-o} "-$kind" "$name"
    done <<USERS
${users:-}
USERS
    [ $# -gt 0 ] || return 0
    timeout "$SEARCH_TIMEOUT" find / \( -fstype proc -o -fstype sysfs -o -fstype cgroup -o -fstype cgroup2 -o -fstype nfs \
        -o -fstype nfs4 -o -fstype cifs \) -prune -o \( "$@" \) -print -quit 2>/dev/null
    [ $? -ne 124 ] || echo "a file that was not found within $SEARCH_TIMEOUT s"
}

is_there() {
    case $kind in
    user) getent passwd "$name" ;;
    group) getent group "$name" ;;
    *) false ;;
    esac >/dev/null
}

# Prints the noted users, then the noted groups: the first group of a user cannot be removed before the user.
in_order() {
    printf '%s\n' "${users:-}" | grep '^user '
    printf '%s\n' "${users:-}" | grep '^group '
}

# Prints why the user or group stays; nothing if it can go.
why_it_stays() {
    if [ -n "$needed" ]; then
        echo "an installed package uses it"
    elif [ -n "$file" ]; then
        printf '%s' "$file" | head -c 200 | tr -c '[:print:]' '?'
        echo " belongs to it"
    elif [ "$kind" = group ]; then
        members=$(getent group "$name")
        members=${members##*:}
        [ -z "$members" ] || echo "$members are in it"
    fi
}

# dpkg would delete the file to which such a link leads.
# shellcheck disable=SC2086 # a list of words
[ -z "${purged:-}" ] || package_config_files $purged | while IFS= read -r file; do
    if [ -L "$file" ]; then rm -f -- "$file"; fi
done
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
needed=$(dpkg-query -W -f='${db:Status-Status}\n' -- "${keepers:-}" 2>/dev/null | grep -x installed)
[ -n "$needed" ] || file=$(file_of_users)
in_order | while read -r kind name; do
    is_there || continue
    why=$(why_it_stays)
    if [ -z "$why" ]; then
        if [ "$kind" = user ]; then why=$(userdel "$name" 2>&1); else why=$(groupdel "$name" 2>&1); fi
        ! is_there || why=${why:-it could not be removed}
    fi
    if is_there; then printf '%s %s: %s\n' "$kind" "$name" "$(printf '%s' "$why" | tr '\n' ' ')"; fi
done
exit 0
