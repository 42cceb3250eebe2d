#!/bin/sh
# Enters a directory in which root works, if it is root's alone. What comes behind this file uses it.

# Changes into a directory, or tells why not and returns 1. From then on, names without a slash are names
# in that very directory, wherever somebody moves it; nobody but root can have put them there.
# Directories above it may be writable for a group: on Debian, /usr/local may belong to staff, who are as
# good as root.
enter() {
    cd -P -- "$1" 2>/dev/null || { echo "$1 cannot be entered" >&2; return 1; }
    [ "$(pwd -P)" = "$1" ] || { echo "$1 is a symbolic link, or behind one" >&2; return 1; }
    case $(stat -c '%u %A' .) in
    "0 d"????-??-?) ;;
    *) echo "$1 is not root's alone" >&2; return 1 ;;
    esac
}
