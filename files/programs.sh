#!/bin/sh
# Functions that find the programs that listen on TCP ports. This file is put before the scripts that use them.
# Needs the functions of a service manager.

MOST_PROGRAMS=50

# Prints a line "program INODE PID UNIT COMMAND" for each listening socket that a process holds. UNIT is the unit
# whose main process it is; for the init process, the unit for which it listens; else "-". COMMAND is base64.
#   $1 the inode of one socket; empty: all sockets
print_programs() {
    held_sockets "${1:-}" | while read -r inode pid unit; do
        printf 'program %s %s %s %s\n' "$inode" "$pid" "$unit" "$(head -c 4096 "/proc/$pid/cmdline" | base64 -w0)"
    done 2>/dev/null
}

# Prints "INODE PID UNIT" for each of these sockets. Of several processes, such as init and the service that it
# started for a socket, the service counts.
held_sockets() {
    {
        cat /proc/net/tcp /proc/net/tcp6
        service_main_pids
        service_listening_ports
        timeout 4 find /proc/[0-9]*/fd -lname 'socket:*' -printf 'held %h %l\n'
    } 2>/dev/null | awk -v only="$1" -v most="$MOST_PROGRAMS" '
        function number(hex,    n, i) {
            n = 0
            for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
            return n
        }
        $1 == "main" { unit[$2] = $3; next }
        $1 == "listens" { listens[$2] = $3; next }
        $1 == "held" {
            inode = substr($3, 9, length($3) - 9)
            if (!(inode in port)) next
            split($2, path, "/")
            if (!(inode in pid) || pid[inode] == 1) pid[inode] = path[3]
            next
        }
        $4 == "0A" && (only == "" || $10 == only) { split($2, local, ":"); port[$10] = number(local[2]) }
        END {
            for (inode in pid) {
                if (++n > most) exit
                found = pid[inode] == 1 ? listens[port[inode]] : unit[pid[inode]]
                print inode, pid[inode], found == "" ? "-" : found
            }
        }'
}
