#!/bin/sh
# Services as systemd has them: functions for scripts that begin with this file. No other script knows
# systemctl, journalctl or where units are. In the package, services/systemd.py is its counterpart.

# Whether this service manager runs here.
service_manager_runs() { [ -d /run/systemd/system ]; }

# Shows services for a look: lines "service PROPERTY", which services/systemd.py parses. Calls note_service,
# which the look defines, for each: NAME STATE PID USER GROUP, and yes or no: whether it exists.
# systemctl shows a block of lines for each unit, with its Id somewhere in it, and an empty line between
# two blocks. It lists units in another order than they are named.
#   $@ their names
service_look() {
    shown=$(systemctl show --no-pager \
        -p Id,LoadState,ActiveState,UnitFileState,MainPID,ExecStart,CanReload,NeedDaemonReload,User,Group \
        -- "$@" 2>/dev/null)
    id=
    user=
    group=
    while IFS= read -r property; do
        printf 'service %s\n' "$property"
        case $property in
        MainPID=*[!0-9]* | MainPID=) main_pid=0 ;;
        MainPID=*) main_pid=${property#MainPID=} ;;
        Id=*) id=${property#Id=} ;;
        ActiveState=*) state=${property#ActiveState=} ;;
        LoadState=*) load_state=${property#LoadState=} ;;
        User=*) user=${property#User=} ;;
        Group=*) group=${property#Group=} ;;
        "")
            exists=yes
            [ "$load_state" != not-found ] || exists=no
            note_service "$id" "$state" "$main_pid" "$user" "$group" "$exists"
            id=
            user=
            group=
            ;;
        esac
    done <<UNITS
$shown

UNITS
}

# Asks about one service. Sets main_pid (0 if there is none), user, group and exists (yes or no).
#   $1 its name
# shellcheck disable=SC2034 # for who asks
service_ask() {
    main_pid=0
    user=
    group=
    exists=no
    while IFS= read -r property; do
        case $property in
        MainPID=*[!0-9]* | MainPID=) ;;
        MainPID=*) main_pid=${property#MainPID=} ;;
        User=*) user=${property#User=} ;;
        Group=*) group=${property#Group=} ;;
        LoadState=not-found) ;;
        LoadState=*) exists=yes ;;
        esac
    done <<SHOWN
$(timeout 20 systemctl show --no-pager -p MainPID,User,Group,LoadState -- "$1" 2>/dev/null)
SHOWN
}

# Has a service start with the host, and start or restart now.   $1 its name; $2 start or restart
service_run() {
    timeout 30 systemctl enable --quiet -- "$1" && timeout 90 systemctl "$2" -- "$1"
}

# Has a service read its configuration again; exits with 124 if it takes too long.
#   $1 its name; $2 seconds
service_reload() { timeout -k 1 "$2" systemctl reload -- "$1"; }

# Keeps a service from starting, also when it is installed.
#   $1 its name; standard input: the drop-in that does so
service_hold() {
    mkdir -p "/run/systemd/system/$1.d" && cat >"/run/systemd/system/$1.d/pushgateway-lab-hold.conf" &&
        systemctl daemon-reload
}

# Lets a service start that was held.   $1 its name
service_release() {
    rm -f -- "/run/systemd/system/$1.d/pushgateway-lab-hold.conf" &&
        rmdir -- "/run/systemd/system/$1.d" 2>/dev/null
    systemctl daemon-reload
}

# Stops a timer and the service that it starts, where they are there.   $1 the timer; $2 the service, or nothing
timer_stop() {
    systemctl stop -- "$1" 2>/dev/null || :
    [ -z "${2:-}" ] || systemctl stop -- "$2" 2>/dev/null || :
}

# Has a timer run, now and with the host, after its files were written.   $1 its name
timer_enable() { systemctl daemon-reload && systemctl enable --quiet --now -- "$1"; }

# Has a timer not start with the host any more, before its files are removed.   $1 its name
timer_disable() { systemctl disable --quiet --now -- "$1" 2>/dev/null; }

# Forgets a timer and its service after their files were removed, and whether a run failed.   $1 $2
timer_forget() {
    systemctl daemon-reload
    systemctl reset-failed -- "$2" 2>/dev/null
}

# Prints the drop-ins that somebody wrote for a unit.   $@ names
service_drop_ins() {
    for unit in "$@"; do
        [ -e "/etc/systemd/system/$unit.d" ] && echo "/etc/systemd/system/$unit.d"
    done
}

# Prints the last lines that a service logged, in all its runs.   $1 its name; $2 how many; $3 seconds
service_log() { timeout "$3" journalctl --no-pager -o cat -n "$2" "_SYSTEMD_UNIT=$1" 2>/dev/null; }

# Prints the last lines about a service since the host booted, those of its manager among them.
#   $1 its name; $2 how many; $3 seconds
service_log_of_boot() { timeout "$3" journalctl --no-pager -o cat -b -n "$2" -u "$1" 2>/dev/null; }

# Prints what a service logged since a moment.   $1 its name; $2 seconds since 1970; $3 seconds
service_log_since() { timeout "$3" journalctl --no-pager -o cat -u "$1" --since "@$2" 2>/dev/null; }
