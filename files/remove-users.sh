#!/bin/sh
# A function that removes users and groups. Needs these shell variables: users (lines "user NAME" or "group NAME") and
# needed (not empty: an installed package uses them, so all stay).

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

# Removes them, and prints those that stay: lines "KIND NAME: REASON".
remove_users() {
    file=
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
}
