#!/bin/sh
# Waits until no process holds the locks of apt and dpkg, as the automatic updates of a new VM do.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# seconds (the time limit).
# Prints nothing if the locks are free. After the time limit, it prints the process id of the holder and its
# name as base64.

: "${mark:?}" "${seconds:?}"
printf '\n%s\n' "$mark"
# /proc/locks has a line "N: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE ..." for each lock.
holder() {
    for inode in $(stat -c %i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock \
        /var/lib/apt/lists/lock /var/cache/apt/archives/lock 2>/dev/null); do
        awk -v inode="$inode" '$2 == "POSIX" && $6 ~ ":" inode "$" {print $5; exit}' /proc/locks
    done | head -n 1
}

deadline=$(($(date +%s) + seconds))
while pid=$(holder) && [ -n "$pid" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        printf '%s %s\n' "$pid" "$(head -c 64 "/proc/$pid/comm" 2>/dev/null | base64 -w0)"
        break
    fi
    sleep 1
done
exit 0
