#!/bin/sh
# shellcheck disable=SC2015,SC2154 # A && B || C is meant; whose.sh sets the variables
# Removes files and directories of this toolkit, each as the user who can change its path.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), files (paths, one
# a line), digest (empty; or SHA-256 of the text that the only file must have), trees (directories of root's, one a
# line, which are removed with all that is in them) and enabled (a service that starts at boot no more, or nothing).
# Needs the functions of whose.sh and of a service manager. Prints what it did not remove, and why, one a line.

printf '\n%s\n' "${mark:?}"
export LC_ALL=C

# Removes one name. Root removes it only from a directory to which nobody else can change the way.   $1 the path
remove_file() {
    [ -e "$1" ] || [ -L "$1" ] || return 0
    # The way to its directory; the name itself is not followed.
    if ! find_writer "${1%/*}/." || [ -n "$obstacle" ]; then
        printf '%s: %s\n' "$1" "${obstacle:-its links cannot be resolved}"
        return
    fi
    directory=$real
    case $shared in
    "" | "$directory
") ;;
    *) printf '%s: %s\n' "$1" "$about_shared" && return ;;
    esac
    if [ -n "${digest:-}" ]; then
        found=$(as_writer sha256sum -- "$directory/${1##*/}" </dev/null 2>/dev/null | head -c 64)
        [ "${found%% *}" = "$digest" ] || { printf '%s: it was changed\n' "$1" && return; }
    fi
    said=$(as_writer rm -f -- "$directory/${1##*/}" </dev/null 2>&1) || printf '%s\n' "$said" | head -c 1000
}

as_writer() { if [ "$writer" = 0 ]; then "$@"; else as_user "$writer" "$@"; fi; }

[ -z "${enabled:-}" ] || service_disable "$enabled"
while IFS= read -r file; do
    [ -n "$file" ] || continue
    remove_file "$file"
    case $file in
    /etc/systemd/system/*.d/* | /run/systemd/system/*.d/*) rmdir -- "${file%/*}" 2>/dev/null && reload=yes ;;
    esac
done <<FILES
${files:-}
FILES
[ -z "${reload:-}" ] || service_reload_all
# In one step: what is left of a run that was killed is found by its name.
while IFS= read -r tree; do
    [ -d "$tree" ] || continue
    find_writer "$tree/." && [ "$hops.$writer.$obstacle$shared" = 0.0. ] || {
        printf '%s: it is not in a directory of root'"'"'s alone\n' "$tree"
        continue
    }
    rm -rf --one-file-system -- "$tree"
done <<TREES
${trees:-}
TREES
exit 0
