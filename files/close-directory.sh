#!/bin/sh
# shellcheck disable=SC2015,SC2034,SC2154 # A && B || C is meant; the callers and whose.sh share the variables
#
# Functions that close directories of root's while root works in them: they take the write permission away from the
# group, and give it back. This file is put before the scripts that use them. Needs the functions of whose.sh and the
# variable closed_note, the path of a file in a directory of root's. Only the holder of the lock may call them.
#
# The note has a line "OLD CLOSED GROUP INODE DIRECTORY" for each closed directory, the last closed first. OLD and
# CLOSED are modes. A line is written before the directory is closed: if the run is killed, the next one opens it.

# Finds the writer of a path, see find_writer, and closes the directories that are shared. `closed` has those that
# were closed, one a line. As long as a directory is open, its group can replace everything below it. So each round
# closes one, the uppermost, and then resolves the path again from its start.
# Fails if nobody may write; then `obstacle` has the reason, or `words` has the reason why nothing can be closed.
#   $1 the path
close_ways() {
    closed='' words=''
    while :; do
        find_writer "$1" || {
            obstacle="the symbolic links of $1 cannot be resolved"
            return 1
        }
        [ -z "$obstacle" ] && no_trap_in_closed || return 1
        [ -n "$shared" ] || return 0
        directory=${shared%%"
"*}
        # The mode did not change, or the name ends with a blank, which is lost in the lines of stat.
        if is_line_of "$directory" "$closed" || ! is_line_of "$directory" "$ways
"; then
            obstacle=$about_shared
            return 1
        fi
        close_directory "$directory" || return 1
    done
}

# Fails if the path leads out of a closed directory, over a link or to a user's directory: its group may have planted
# the way before it was closed.
no_trap_in_closed() {
    [ -n "$closed" ] || return 0
    [ "$writer" = 0 ] || obstacle="the path leads from a directory of root's in which its group may write to a \
directory of user $writer"
    while IFS= read -r each; do
        is_line_of "$each" "$linked" && obstacle="the group of root's directory $each may write in it, and the path \
has a symbolic link there"
    done <<CLOSED
$closed
CLOSED
    [ -z "$obstacle" ]
}

# Closes a directory of root's; all directories above it belong to root alone.   $1 the directory
close_directory() {
    is_root_s_alone "$closed_note" || {
        words="$closed_note is not in a directory of root's"
        return 1
    }
    read -r gid mode inode <<STAT
$(stat -c '%g %a %i' -- "$1")
STAT
    words=$(
        exec 2>&1
        : "${inode:?}"
        (umask 022 && mkdir -p -- "${closed_note%/*}") && {
            printf '%s %s %s %s %s\n' "$mode" "$(without_group_write "$mode")" "$gid" "$inode" "$1"
            [ ! -e "$closed_note" ] || cat -- "$closed_note"
        } >"$closed_note.new" &&
            sync -- "$closed_note.new" && mv -fT -- "$closed_note.new" "$closed_note" &&
            sync -- "${closed_note%/*}" && chmod g-w -- "$1"
    ) || return 1
    closed="$closed$1
"
}

# Prints a mode as stat prints it, without the write permission of the group.   $1 the mode
without_group_write() { printf '%o' "$((0$1 & ~020))"; }

# Succeeds if all directories on the way to a path exist, and belong to root alone. The names in them that do not exist
# yet count as root's.   $1 the path
is_root_s_alone() {
    above=${1%/*}
    while [ -n "$above" ] && ! [ -e "$above" ] && ! [ -L "$above" ]; do above=${above%/*}; done
    find_writer "$above/x" && [ "$hops" = 0 ] && [ -z "$obstacle$shared" ] && [ "$writer" = 0 ]
}

# Gives the directories of the note their old modes, and deletes the note. A directory whose owner, group or mode
# somebody changed meanwhile stays as it is. Fails if a mode cannot be changed; `words` has the reason then, and the
# note stays.
open_closed() {
    [ -e "$closed_note" ] || [ -L "$closed_note" ] || return 0
    is_root_s_alone "$closed_note" && [ -f "$closed_note" ] || {
        words="$closed_note is not a file in a directory of root's"
        return 1
    }
    while read -r old new gid_before inode_before closed_before; do
        case "$old.$new" in
        *[!0-7.]*) continue ;;
        esac
        # A name above it that others can change could lead root to another directory.
        is_root_s_alone "$closed_before" || continue
        case $(stat -c '%F:%u:%g:%i:%a' -- "$closed_before" 2>/dev/null) in
        "directory:0:$gid_before:$inode_before:$new") ;;
        *) continue ;;
        esac
        words=$(chmod "$old" -- "$closed_before" 2>&1) || return 1
        sync -- "$closed_before" 2>/dev/null
    done <"$closed_note"
    words=$(rm -f -- "$closed_note" 2>&1)
}
