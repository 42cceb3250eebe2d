#!/bin/sh
# A function that enters a directory in which only root can write. This file is put before scripts that use it.

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
