#!/bin/sh
# Finds the program that holds a listening socket.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# inode (of the socket). Needs the functions of programs.sh and of a service manager.
# Prints the line of print_programs; prints nothing if no process holds the socket.

: "${mark:?}" "${inode:?}"
export LC_ALL=C
printf '\n%s\n' "$mark"
case $inode in *[!0-9]*) exit 1 ;; esac
print_programs "$inode"
exit 0
