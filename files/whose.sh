#!/bin/sh
# Whose a path is, and who reads Prometheus's configuration: functions for scripts that begin with this
# file. Root never opens, by a name that somebody else can change, what that somebody could not open.

NOBODY="--reuid=65534 --regid=65534 --clear-groups"

# Follows a path through all symbolic links. Sets `real`, where it leads; `ways`, the directories in
# which a name was looked up, one a line; `hops`, how many links there were. Fails where links go in
# circles, or hold a line break.
follow() {
    at=
    ways=/
    hops=0
    rest=${1#/}
    while [ -n "$rest" ]; do
        name=${rest%%/*}
        case $rest in
        */*) rest=${rest#*/} ;;
        *) rest= ;;
        esac
        case $name in
        "" | .) continue ;;
        ..) at=${at%/*} && continue ;;
        esac
        if [ -L "$at/$name" ]; then
            hops=$((hops + 1))
            [ "$hops" -le 20 ] || return 1
            link=$(readlink -- "$at/$name") || return 1
            case $link in
            *"
"*) return 1 ;;
            /*) at= && rest=$link${rest:+/$rest} ;;
            *) rest=$link${rest:+/$rest} ;;
            esac
            continue
        fi
        at=$at/$name
        [ -z "$rest" ] || ways="$ways
$at"
    done
    # shellcheck disable=SC2034 # for who follows
    real=$at
}

# What stat says about a file and all its ways: "CHANGED SIZE UID GID MODE NAME", a line each, the file
# first; a line of "?" at the end, where one of them cannot be looked at, as a user's FUSE mount by root.
#   $1 the file; $2 its ways, see follow
stat_all() {
    (
        IFS="
"
        set -f
        # shellcheck disable=SC2086 # split at line breaks alone
        stat -L -c '%.9Z %s %u %g %a %n' -- "$1" $2 2>/dev/null || echo '? ? ? ? ? ?'
    )
}

# Decides as whom a file may be written, from lines of stat_all about its ways on standard input. Sets `writer`, a user's id, or `obstacle`, why nobody may: where two users, or a
# group of root's directory, could put something else in the way, nobody is safe from the others.
decide_writer() {
    writer=0 obstacle=
    while read -r _ _ uid gid mode directory; do
        if [ "$uid" = "?" ]; then
            obstacle="a directory on the way cannot be looked at"
            break
        fi
        if [ "$uid" != 0 ] && [ "$writer" != 0 ] && [ "$uid" != "$writer" ]; then
            obstacle="$directory belongs to user $uid, and a directory on the way to it to user $writer"
        fi
        [ "$uid" = 0 ] || writer=$uid
        case $mode in
        *[2367]) obstacle="everybody may write in $directory (mode $mode)" ;;
        *[2367]?)
            # shellcheck disable=SC2034 # for who decides
            [ "$uid" != 0 ] || obstacle="group $gid may write in root's directory $directory (mode $mode)"
            ;;
        esac
    done
}

# Whether a text is a number such as 1.79536e+09: it may then stand in a comparison of awk's.
is_number() {
    case $1 in
    "" | *[!0-9.eE+-]* | [!0-9]*) return 1 ;;
    esac
}

# Sets `reader`, the options of setpriv for the user whose Prometheus reads the file: that of the
# running process, else that of the service, else nobody; empty for root.
#   $1 process id or 0; $2 user of the service; $3 its group; $4 whether it exists: yes or no
find_reader() {
    reader=$NOBODY
    if [ "$1" -gt 0 ] && [ -r "/proc/$1/status" ]; then
        reader_of_process "/proc/$1/status"
    elif [ "$4" = yes ]; then
        reader_of_service "$2" "$3"
    fi
}

# The same, of a service. Uses the functions of a service manager.   $1 its name
find_reader_of() {
    service_ask "$1"
    # shellcheck disable=SC2154 # service_ask sets them
    find_reader "$main_pid" "$user" "$group" "$exists"
}

reader_of_process() {
    # Each line has the real, the effective, the saved id.
    while read -r field _ value _; do
        case $field in
        Uid:) uid=$value ;;
        Gid:) gid=$value ;;
        Groups:) break ;;
        esac
    done <"$1"
    groups=$(process_groups "$1")
    reader=
    [ "$uid" = 0 ] || reader="--reuid=$uid --regid=$gid ${groups:---clear-groups}"
}

process_groups() {
    while read -r field values; do
        [ "$field" = Groups: ] || continue
        # shellcheck disable=SC2086 # a list of numbers
        set -- $values
        [ $# -eq 0 ] || (IFS=, && printf -- '--groups=%s' "$*")
        return
    done <"$1"
}

reader_of_service() {
    case $1 in
    "" | root | 0) reader= && return ;;
    *[!A-Za-z0-9_.-]* | -*) return ;;
    esac
    group=${2:-$(id -g -- "$1" 2>/dev/null)}
    case $group in
    "" | *[!A-Za-z0-9_.-]* | -*) return ;;
    esac
    reader="--reuid=$1 --regid=$group --init-groups"
}

# Runs a command as the reader. Where the reader is root and somebody else can say where the path leads, it
# runs as that user; as nobody, where that can be several.
as_reader() {
    if [ -z "$reader" ] && [ -n "${obstacle:-}" ]; then
        # shellcheck disable=SC2086 # a list of options
        setpriv $NOBODY --no-new-privs -- "$@"
    elif [ -z "$reader" ] && [ "${writer:-0}" != 0 ]; then
        as_user "$writer" "$@"
    elif [ -z "$reader" ]; then
        "$@"
    else
        # shellcheck disable=SC2086 # a list of options
        setpriv $reader --no-new-privs -- "$@"
    fi
}

# Runs a command as a user with that id, with the groups that the user has. In a session of its own: no
# terminal of root's may be reached from there.
as_user() {
    as=$1
    shift
    group=$(id -g -- "$as" 2>/dev/null)
    if [ -n "$group" ]; then
        setsid -w setpriv "--reuid=$as" "--regid=$group" --init-groups --no-new-privs -- "$@"
    else
        setsid -w setpriv "--reuid=$as" "--regid=$as" --clear-groups --no-new-privs -- "$@"
    fi
}
