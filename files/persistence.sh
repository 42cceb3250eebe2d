#!/bin/sh
# A function that tries whether a Pushgateway can persist. This file is put before the scripts that use it. Needs the
# functions of whose.sh.

# Sets unwritable to the directory of a Pushgateway's persistence file, if the user of the process may not write in it,
# or it is not there; else to the empty string. The Pushgateway needs a new file for each time it saves.
#   $1 process id; $2 the file
# shellcheck disable=SC2034 # the callers use it
find_unwritable() {
    file=$2
    case $file in
    /*) ;;
    *) file=$(readlink "/proc/$1/cwd")/$file ;;
    esac
    reader_of_process "/proc/$1/status"
    # Never inside its mount namespace: there, the process decides which programs are in /usr/bin. From here, its
    # directories are seen as it sees them, and the programs are those of this host. A word, because `cd` may fail for
    # another reason, as in a container without the right to it. $reader is a list of options.
    # shellcheck disable=SC2086
    answer=$(
        cd -- "/proc/$1/root" 2>/dev/null || exit
        cd -- "/proc/$1/root${file%/*}" 2>/dev/null || { echo refused && exit; }
        ${reader:+setpriv $reader --} sh -c '[ -w . ] || echo refused' </dev/null 2>/dev/null
    )
    unwritable=
    [ "$answer" != refused ] || unwritable=${file%/*}
}
