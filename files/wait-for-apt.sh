#!/bin/sh
# Waits until cloud-init has finished, which sets up a new VM and installs packages, and until no process holds the
# locks of apt and dpkg, as the automatic updates of a new VM do.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer) and
# seconds (the time limit). Needs the functions of a service manager.
# Prints nothing if there is nothing to wait for. After the time limit, it prints "lock" with the process id of the
# holder and its name as base64, or "cloud-init".

: "${mark:?}" "${seconds:?}"
printf '\n%s\n' "$mark"
# /proc/locks has a line "N: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE ..." for each lock. Only root can open these files;
# a file of somebody else on another file system may have the same inode number.
holder() {
    for inode in $(stat -c %i /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock \
        /var/lib/apt/lists/lock /var/cache/apt/archives/lock 2>/dev/null); do
        awk -v inode="$inode" '$2 == "POSIX" && $6 ~ ":" inode "$" {print $5}' /proc/locks
    done | while read -r pid; do
        if [ "$(stat -c %u "/proc/$pid" 2>/dev/null)" = 0 ]; then echo "$pid" && break; fi
    done
}

# As "cloud-init status --wait" does, which would wait without end where cloud-init is installed but never ran.
cloud_init_works() {
    command -v cloud-init >/dev/null && service_is_starting cloud-init-local.service cloud-init.service \
        cloud-init-network.service cloud-init-main.service cloud-config.service cloud-final.service
}

deadline=$(($(date +%s) + seconds))
while :; do
    pid=$(holder)
    [ -n "$pid" ] || cloud_init_works || break
    if [ "$(date +%s)" -ge "$deadline" ]; then
        if [ -n "$pid" ]; then
            printf 'lock %s %s\n' "$pid" "$(head -c 64 "/proc/$pid/comm" 2>/dev/null | base64 -w0)"
        else
            echo cloud-init
        fi
        break
    fi
    sleep 1
done
exit 0
