#!/bin/sh
# Functions for files of this toolkit in directories in which only root can write. This file is put before scripts that
# use them.

# Changes into a directory; on failure, prints the reason and returns 1. After that, names without a slash are
# names in this very directory, even if somebody moves it, and only root can create them.
# Parent directories may be writable for a group: on Debian, /usr/local may belong to the group staff, which is
# equivalent to root.
enter() {
    cd -P -- "$1" 2>/dev/null || { echo "$1 cannot be entered" >&2; return 1; }
    [ "$(pwd -P)" = "$1" ] || { echo "$1 is a symbolic link, or behind one" >&2; return 1; }
    case $(stat -c '%u %A' .) in
    "0 d"????-??-?) ;;
    *) echo "$1 is not root's alone" >&2; return 1 ;;
    esac
}

# Makes a directory if it is missing, and enters it.   $1 its path
make_and_enter() {
    [ -e "$1" ] || [ -L "$1" ] || mkdir -p -- "$1" || return 1
    enter "$1"
}

# Puts a file of an archive into the directory that was entered, in one step: whoever reads it has the old file or the
# new one. Until it has its owner, it is in a directory that only root can enter.
#   $1 its name; $2 the archive, a tar file as base64; $3 the id of its owner
put_file() {
    rm -rf --one-file-system -- "$NEW" && mkdir -m 700 -- "$NEW" &&
        printf '%s' "$2" | base64 -d | tar -x -p -m --numeric-owner -C "$NEW" -f - -- "$1" &&
        chown -- "$3:0" "$NEW/$1" && sync -- "$NEW/$1" && mv -fT -- "$NEW/$1" "$1" && rmdir -- "$NEW"
}
NEW=.pushgateway-lab.new
