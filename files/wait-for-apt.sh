#!/bin/sh
# Waits until nobody holds the locks of apt and dpkg, as a new VM's own updates do for a while.
#
# Takes, as a shell variable set before it: seconds (the time limit).
# Exits with 1 when the time is over, naming the holder on standard error.

: "${seconds:?}"
# /proc/locks has a line "N: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE ..." for each lock taken.
holder() {
    for inode in $(stat -c %i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock \
        /var/lib/apt/lists/lock /var/cache/apt/archives/lock 2>/dev/null); do
        awk -v inode="$inode" '$2 == "POSIX" && $6 ~ ":" inode "$" {print $5; exit}' /proc/locks
    done | head -n 1
}

deadline=$(($(date +%s) + seconds))
while pid=$(holder) && [ -n "$pid" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo "process $pid ($(cat "/proc/$pid/comm" 2>/dev/null)) holds the lock of apt" >&2
        exit 1
    fi
    sleep 1
done
