#!/bin/sh
# Installs the files for TLS and passwords, and deletes those that are not wanted any more.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), files (lines "NAME
# OWNER", where OWNER is the name or the id of a user), obsolete (names, one a line), directory (of all these files), and
# needed (lines "OWNER PATH": files of somebody else that this user has to read). Needs the functions of own-files.sh.
# Reads from standard input, as base64, a tar archive of the files under their names; their modes are those in it.
# Nothing is written unless only root can write in the directory. Exits with 1, and prints the reason, if it fails.

: "${mark:?}" "${directory:?}"
printf '\n%s\n' "$mark"
exec 2>&1
# Kept in a shell variable, so that no argument list and no file contains the secrets.
archive=$(cat)
umask 022
fail() {
    printf '%s\n' "$1"
    exit 1
}

# Sets uid to the id of a user.   $1 its name or id
find_uid() {
    case $1 in
    *[!0-9]*) uid=$(id -u -- "$1" 2>/dev/null) || fail "there is no user $1 on this host, so no file can be given to it" ;;
    *) uid=$1 ;;
    esac
}

while read -r owner path; do
    [ -n "$owner" ] || continue
    find_uid "$owner"
    gid=$(id -g -- "$owner" 2>/dev/null) || gid=$uid
    # With the groups of that user, as systemd starts its service.
    setpriv "--reuid=$uid" "--regid=$gid" --init-groups test -r "$path" </dev/null >/dev/null 2>&1 ||
        setpriv "--reuid=$uid" "--regid=$gid" --clear-groups test -r "$path" </dev/null >/dev/null 2>&1 ||
        fail "$path cannot be read by the user $owner, as whom the Pushgateway runs, or it is not there"
done <<NEEDED
${needed:-}
NEEDED
make_and_enter "$directory" || exit 1
rm -rf --one-file-system -- "$NEW"
while read -r name owner; do
    [ -n "$name" ] || continue
    find_uid "$owner"
    put_file "$name" "$archive" "$uid" || exit 1
done <<FILES
${files:-}
FILES
while read -r name; do
    [ -z "$name" ] || rm -f -- "$name"
done <<OBSOLETE
${obsolete:-}
OBSOLETE
rmdir --ignore-fail-on-non-empty -- "$directory"
exit 0
