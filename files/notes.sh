#!/bin/sh
# Functions that write notes: small files in a directory of root's. Needs the functions of whose.sh and of
# close-directory.sh.

# Makes the directory of a note. If others than root could change what is written there, or lead it to another file, says
# so and ends the script.   $1 the file
begin_note() {
    is_root_s_alone "$1" || {
        echo "${1%/*} does not belong to root alone"
        exit 1
    }
    (umask 022 && mkdir -p -- "${1%/*}") || exit 1
}

# Prints the lines of a note.   $1 the file
noted() { if [ -f "$1" ]; then cat -- "$1"; fi; }

# Replaces a note by the lines on standard input.   $1 the file
write_note() { cat >"$1.new" && sync -- "$1.new" && mv -fT -- "$1.new" "$1"; }
