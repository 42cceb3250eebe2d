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
    # A word, because nsenter itself may fail, in a container without the right to enter.
    # shellcheck disable=SC2016,SC2086 # for the inner shell; a list of options
    answer=$(nsenter --target "$1" --mount -- ${reader:+setpriv $reader --} \
        sh -c '[ -w "$1" ] || echo refused' sh "${file%/*}" 2>/dev/null)
    unwritable=
    [ "$answer" != refused ] || unwritable=${file%/*}
}
