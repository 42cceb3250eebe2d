#!/bin/sh
# Functions that find out who can change a path and who reads Prometheus's configuration. This file is put
# before the scripts that use them. Rule: if another user can change a name on a path, root does not open it.

NOBODY="--reuid=65534 --regid=65534 --clear-groups"

# Resolves a path through all symbolic links. Sets `real`, the resolved path; `ways`, the directories in which
# a name was looked up, one a line, each after the directories above it; `linked`, those of them in which the name
# was a link; `hops`, the number of links. Fails if links form a circle, or contain a line break.
follow() {
    at=
    ways=/
    linked=
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
            linked="$linked${at:-/}
"
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
    # shellcheck disable=SC2034 # the callers use it
    real=$at
}

# Prints a line of stat "CHANGED SIZE UID GID MODE NAME" for a file and for each of its ways; the file comes
# first. If stat fails for one of them, as for root on a user's FUSE mount, a line of "?" comes last.
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

# Decides which user may write a file, from the lines of stat_all about its ways on standard input. Sets one of:
#   writer    the id of this user
#   obstacle  the reason why no user may: if two users, or everybody, can change the path, none of them is safe
#             from the others
#   shared    directories of root's in which their group may write, one a line, if there is no obstacle but these.
#             The writer is 0 then, and may write after the directories are closed: see close-directory.sh
decide_writer() {
    writer=0 obstacle='' shared='' about_shared=''
    while read -r _ _ uid gid mode directory; do
        if [ "$uid" = "?" ]; then
            obstacle="a directory on the path cannot be read"
            break
        fi
        if [ "$uid" != 0 ] && [ "$writer" != 0 ] && [ "$uid" != "$writer" ]; then
            obstacle="$directory belongs to user $uid, and a directory above it belongs to user $writer"
        fi
        [ "$uid" = 0 ] || writer=$uid
        case $mode in
        *[2367]) obstacle="everybody may write in $directory (mode $mode)" ;;
        *[2367]?) [ "$uid" != 0 ] || note_shared ;;
        esac
    done
    [ -n "$shared" ] || return 0
    # What the group can change could lead root, or the other user, to a place that the group chose.
    [ "$writer" = 0 ] || obstacle=${obstacle:-$about_shared}
    [ -z "$obstacle" ] || shared=
}

# Adds the directory that decide_writer has read to `shared`, once.
note_shared() {
    is_line_of "$directory" "$shared" && return
    shared="$shared$directory
"
    about_shared="group $gid may write in root's directory $directory (mode $mode)"
    # Root follows no link that the group can replace.
    is_line_of "$directory" "${linked:-}" && obstacle="$about_shared, and the path has a symbolic link there"
}

# Resolves a path, and decides which user may write the file, which may be missing. See follow, which may fail, and
# decide_writer.   $1 the path
find_writer() {
    follow "$1" || return 1
    decide_writer <<STATS
$(stat_all / "$ways")
STATS
}

# Succeeds if a line is one of several, each of which ends with a line break.   $1 the line; $2 the lines
is_line_of() {
    case "
$2" in
    *"
$1
"*) return 0 ;;
    esac
    return 1
}

# Succeeds if a text is a number such as 1.79536e+09, so that awk may compare it.   $1 the text
is_number() {
    case $1 in
    "" | *[!0-9.eE+-]* | [!0-9]*) return 1 ;;
    esac
}

# Sets `reader`, the options of setpriv for the user that Prometheus runs as: the user of its process, else of
# its service, else nobody. It is empty for root.
#   $1 process id or 0; $2 user of the service; $3 group of the service; $4 the service exists: yes or no
find_reader() {
    reader=$NOBODY
    if [ "$1" -gt 0 ] && [ -r "/proc/$1/status" ]; then
        reader_of_process "/proc/$1/status"
    elif [ "$4" = yes ]; then
        reader_of_service "$2" "$3"
    fi
}

# Like find_reader, for a service. Uses the functions of a service manager.
#   $1 its name; $2 the process that was found for it, which may be of no service; else 0 or nothing
# shellcheck disable=SC2154 # service_ask sets the variables
find_reader_of() {
    service_ask "$1"
    # Its main process now: another program may have the id that was found.
    [ "$exists" = yes ] || main_pid=${2:-0}
    find_reader "$main_pid" "$user" "$group" "$exists"
}

reader_of_process() {
    # Each line has the real, the effective and the saved id. Everybody can give a program that has the set-user-id bit
    # the name of a server.
    mixed=
    while read -r field real_id value saved _; do
        case $field in
        Uid:) uid=$value ;;
        Gid:) gid=$value ;;
        Groups:) break ;;
        *) continue ;;
        esac
        [ "$real_id.$saved" = "$value.$value" ] || mixed=yes
    done <"$1"
    [ -z "$mixed" ] || { reader=$NOBODY && return; }
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

# Sets promtool to the program that checks configurations: the one in PATH, else the one beside the program of a
# running Prometheus, if root alone can change it; empty if there is none.   $1 process id of Prometheus, or 0
# shellcheck disable=SC2034 # the callers use it
find_promtool() {
    promtool=promtool
    if command -v promtool >/dev/null; then return; fi
    promtool=
    [ "${1:-0}" -gt 0 ] || return 0
    beside=$(readlink "/proc/$1/exe") || return 0
    beside=${beside%/*}
    [ -x "$beside/promtool" ] || return 0
    # A subshell, because find_writer sets variables of the configuration file.
    if (find_writer "$beside/promtool" && [ "$hops.$writer.$obstacle$shared" = 0.0. ]) && [ -O "$beside/promtool" ]; then
        promtool=$beside/promtool
    fi
}

# A user can change what a process with this user's rights does while it runs, also what it prints and which descriptors
# it uses. So of what such a process prints, nothing goes to the answer of a script but through print_as_reader or a
# variable that is printed as base64; it has no standard input with a secret; and root ends it.
LOWERED_SECONDS=40

# Prints the beginning of a file as base64, as the reader, and nothing else. Fails if it could not be read.
#   $1 the file; $2 the most bytes of it
print_as_reader() {
    {
        read_status=$(
            {
                {
                    as_reader base64 -w0 -- "$1" </dev/null 2>/dev/null 3>&- 4>&-
                    echo "$?" >&3
                } | head -c "$(($2 * 4 / 3 + 4))" | tr -cd 'A-Za-z0-9+/=' >&4
            } 3>&1
        )
    } 4>&1
    return "$read_status"
}

# Runs a command as the reader. If the reader is root and another user can change the path, it runs as that
# user; if several users can change the path, or a group, as nobody.
as_reader() {
    if [ -z "$reader" ] && [ -n "${obstacle:-}${shared:-}" ]; then
        # shellcheck disable=SC2086 # a list of options
        timeout -k 1 "$LOWERED_SECONDS" setpriv $NOBODY --no-new-privs -- "$@"
    elif [ -z "$reader" ] && [ "${writer:-0}" != 0 ]; then
        as_user "$writer" "$@"
    elif [ -z "$reader" ]; then
        "$@"
    else
        # shellcheck disable=SC2086 # a list of options
        timeout -k 1 "$LOWERED_SECONDS" setpriv $reader --no-new-privs -- "$@"
    fi
}

# Runs a command as a user, with the user's groups, in a new session, so that it cannot access root's terminal.
#   $1 the user's id; then the command
as_user() {
    as=$1
    shift
    group=$(id -g -- "$as" 2>/dev/null)
    if [ -n "$group" ]; then
        timeout -k 1 "$LOWERED_SECONDS" setsid -w setpriv "--reuid=$as" "--regid=$group" --init-groups --no-new-privs -- "$@"
    else
        timeout -k 1 "$LOWERED_SECONDS" setsid -w setpriv "--reuid=$as" "--regid=$as" --clear-groups --no-new-privs -- "$@"
    fi
}
