#!/bin/sh
# Waits until nobody holds the locks of apt and dpkg, as a new VM's own updates do for a while.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), seconds (the time limit).
# Prints nothing when they are free, or, when the time is over, the holder's process id and, as base64,
# its name.

: "${mark:?}" "${seconds:?}"
printf '\n%s\n' "$mark"
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
        printf '%s %s\n' "$pid" "$(head -c 64 "/proc/$pid/comm" 2>/dev/null | base64 -w0)"
        break
    fi
    sleep 1
done
exit 0
