#!/bin/sh
# Functions for systemd's services. This file is put before the scripts that use them. Only this file uses
# systemctl, journalctl and the directories of units. services/systemd.py is its counterpart in the package.

# The name of the service manager that starts the services of this host; empty if there is none.
service_manager=
# shellcheck disable=SC2034 # the callers use it
[ ! -d /run/systemd/system ] || service_manager=systemd

known_files=

# Prints the state of services for a look: lines "service PROPERTY", which services/systemd.py parses. Calls
# note_service, which the look defines, for each service: NAME STATE PID USER GROUP EXISTS (yes or no) COMMAND.
# systemctl prints a block of lines for each unit, with an Id line, and an empty line between two blocks. The
# order of the units differs from the order of the arguments.
#   $@ their names
service_look() {
    shown=$(systemctl show --no-pager \
        -p Id,LoadState,ActiveState,UnitFileState,MainPID,ExecStart,CanReload,NeedDaemonReload,User,Group \
        -p EnvironmentFiles,FragmentPath,DropInPaths \
        -- "$@" 2>/dev/null)
    id=
    user=
    group=
    command=
    environment=
    drop_ins=
    main_pid=0
    state=
    load_state=
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
        ExecStart=*) command=${property#ExecStart=} ;;
        EnvironmentFiles=*)
            file=${property#EnvironmentFiles=}
            environment="$environment
environment ${file% (ignore_errors=*}"
            ;;
        FragmentPath=*) fragment=${property#FragmentPath=} ;;
        DropInPaths=*) drop_ins=${property#DropInPaths=} ;;
        "")
            exists=yes
            [ "$load_state" != not-found ] || exists=no
            note_service "$id" "$state" "$main_pid" "$user" "$group" "$exists" "$command"
            known_files="$known_files
service $id
definition $fragment $drop_ins$environment"
            main_pid=0
            state=
            load_state=
            id=
            user=
            group=
            command=
            environment=
            drop_ins=
            ;;
        esac
    done <<UNITS
$shown

UNITS
}

# Prints the files that change the definition of a service, one a line.   $1 its name
service_changed_by() {
    systemctl show --no-pager -p DropInPaths --value -- "$1" 2>/dev/null | tr ' ' '\n' | grep .
}

# Succeeds if there is a file that defines a service.   $1 its name
service_is_there() {
    for place in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /lib/systemd/system; do
        if [ -e "$place/$1" ]; then return 0; fi
    done
    return 1
}

# Succeeds if somebody made a service for one run, with systemd-run: it is not there after a restart of the host.
#   $1 its name
service_is_transient() { [ -e "/run/systemd/transient/$1" ]; }

# Prints the service in whose control group a process is; nothing if it is in none of the system's.   $1 process
service_of_process() {
    in_group=
    while read -r line; do
        case $line in
        *:/user.slice/* | *:*/user.slice/*) ;;
        0::*.service | 1:name=systemd:*.service) in_group=${line##*/} ;;
        esac
    done 2>/dev/null <"/proc/$1/cgroup"
    printf '%s' "$in_group"
}

# Prints the names of the administrator's services that start a program, by itself or with env or sh.
#   $1 its name, without special characters; as a package has it, it may come after "prometheus-"
service_with_program() {
    grep -lE "^ExecStart[[:blank:]]*=[[:blank:]]*[-@:+!|]*(/[^ ]*/(env|sh -c) )?[\"']?(exec )?([^ ]*/)?(prometheus-)?$1[\"']?( |\$)" \
        /etc/systemd/system/*.service /run/systemd/system/*.service 2>/dev/null |
        sed 's,.*/,,' | grep -xE '[A-Za-z0-9:_.\\-]+' | grep -v '^-' | sort -u
}

# Sets own_flags_file to the file with the flags of a service that service_look has looked at: the EnvironmentFile
# with the variable of its command, else the drop-in that this toolkit writes. Prints the files that define a service
# of the second kind, in the order in which systemd reads them: lines "unit_file PATH TEXT", both in base64.
#   $1 its name; $2 its command
# shellcheck disable=SC2034 # the callers use it
service_look_at_flags() {
    own_flags_file=
    files=
    last=
    find_variable "$2"
    while read -r kind rest; do
        case $kind in
        service) current=$rest && continue ;;
        esac
        [ "$current" = "$1" ] || continue
        case $kind in
        definition) files=$rest ;;
        environment)
            last=$rest
            if assigns "$rest" "$variable"; then own_flags_file=$rest; fi
            ;;
        esac
    done <<KNOWN
${known_files#?}
KNOWN
    case $2 in
    # An init script reads this file, too.
    *path=/etc/init.d/*) own_flags_file=/etc/default/${1%.service} ;;
    esac
    [ -z "$own_flags_file" ] || return 0
    # No file sets the variable. If the unit does not, it is set in the last file, which counts most.
    # shellcheck disable=SC2086 # a list of words
    if [ -n "$variable" ] && [ -n "$last" ] && ! grep -qE "^[^#;]*\b$variable=" -- $files 2>/dev/null; then
        own_flags_file=$last
        return 0
    fi
    own_flags_file=/etc/systemd/system/$1.d/pushgateway-lab.conf
    for file in $files; do
        if [ -f "$file" ]; then
            printf 'unit_file %s %s\n' "$(printf '%s' "$file" | base64 -w0)" "$(head -c 65536 -- "$file" | base64 -w0)"
        fi
    done
}

# Succeeds if a service names a configuration file of Prometheus: in its command, in a file that defines it, or in one of
# its environment. Needs the function names_config.
#   $1 its name, which service_look has looked at; $2 its command; $3 the value of the flag --config.file
service_names_config() {
    set -- "$@" /dev/null
    while read -r kind rest; do
        case $kind.$current in
        service.*) current=$rest ;;
        definition."$1")
            # shellcheck disable=SC2086 # a list of words
            set -- "$@" $rest
            ;;
        environment."$1") set -- "$@" "$rest" ;;
        esac
    done <<KNOWN
${known_files#?}
KNOWN
    shift
    names_config "$@"
}

# Sets variable to the name of the first variable in a command that is a word of its own, and that systemd splits;
# empty if there is none.   $1 the command
find_variable() {
    variable=
    set -f
    for word in $1; do
        case $word in
        \$*[!A-Za-z0-9_]*) ;;
        \$[A-Za-z_]*) variable=${word#?} && break ;;
        esac
    done
    set +f
}

# Succeeds if a file of an environment sets a variable.   $1 the file; $2 the variable
assigns() {
    [ -n "$2" ] && [ -f "$1" ] && [ -r "$1" ] || return 1
    while IFS=" 	" read -r line || [ -n "$line" ]; do
        case $line in
        "$2="* | "$2 "*=* | "$2	"*=*) return 0 ;;
        esac
    done <"$1"
    return 1
}

# Succeeds if one of the services starts, or waits for its start.   $@ their names
service_is_starting() {
    systemctl show --no-pager -p ActiveState,Job -- "$@" 2>/dev/null |
        grep -qE '^(ActiveState=activating|Job=[1-9])'
}

# Asks systemd about one service. Sets main_pid (0 if there is none), user, group and exists (yes or no).
#   $1 its name
# shellcheck disable=SC2034 # the callers use them
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

# Starts or restarts a service, also after too many failed starts.
#   $1 its name; $2 start or restart; $3 yes: it starts at boot from now on
service_run() {
    systemctl reset-failed -- "$1" 2>/dev/null
    [ "$3" != yes ] || timeout 30 systemctl enable --quiet -- "$1" || return
    timeout 90 systemctl "$2" -- "$1"
}

# Stops a service.   $1 its name
service_stop() { timeout 90 systemctl stop -- "$1" 2>/dev/null || :; }

# Lets a service start at boot no more.   $1 its name
service_disable() { timeout 30 systemctl disable --quiet -- "$1" 2>/dev/null; }

# Reloads the files that define services, and forgets failed services that are gone.
service_reload_all() { systemctl daemon-reload; }

# Reloads the configuration of a service; exits with 124 if that takes too long.
#   $1 its name; $2 seconds
service_reload() { timeout -k 1 "$2" systemctl reload -- "$1"; }

# Reloads the files that define services, after the drop-in was written; its last text is not kept.
#   $1 the service
service_reload_definitions() {
    rm -f -- "/etc/systemd/system/$1.d/pushgateway-lab"*.conf.before-*
    systemctl daemon-reload
}

# The directory for the drop-in that this toolkit writes.   $1 the service
service_make_place_for_drop_in() { mkdir -p -- "/etc/systemd/system/$1.d"; }

# Removes a drop-in, and its directory if nothing else is in it.   $1 the service; $2 the name of the drop-in
service_remove_drop_in() {
    rm -f -- "/etc/systemd/system/$1.d/$2" || return
    rm -f -- "/etc/systemd/system/$1.d/$2.before-"*
    rmdir -- "/etc/systemd/system/$1.d" 2>/dev/null
    systemctl daemon-reload
}

# Prints the drop-in of this toolkit that restricts a service, and with which text of it the process was started: also
# without the drop-in, which a killed run may have removed before it restarted the service. No program is started on a
# host without both.   $1 the service; $2 its process, or 0; $3 the server
service_look_at_hardening() {
    hardening=/etc/systemd/system/$1.d/pushgateway-lab-hardening.conf
    if [ -f "$hardening" ] && [ -r "$hardening" ]; then
        print_base64 "hardening_text $3" "$hardening"
    else
        started_with PUSHGATEWAY_LAB_HARDENING "$2" || return 0
    fi
    head -c 65536 -- "/proc/$2/environ" 2>/dev/null | tr '\0' '\n' | while IFS= read -r line; do
        case $line in
        PUSHGATEWAY_LAB_HARDENING=*[!0-9a-f]*) ;;
        PUSHGATEWAY_LAB_HARDENING=*) echo "hardened_as $3 ${line#*=}" && break ;;
        esac
    done
}

# Succeeds if a process may have been started with a variable. Starts no program.   $1 the variable; $2 process, or 0
started_with() {
    # The shell leaves out the zero bytes that end each variable, so the file is one line, unless a value has line breaks.
    while
        words=
        IFS= read -r words || [ -n "$words" ]
    do
        case $words in
        *"$1="*) return 0 ;;
        esac
    done 2>/dev/null <"/proc/$2/environ"
    return 1
}

# Prevents a service from starting, also when its package is installed. A unit that is not there yet is read when its
# package has it started; to reload all units takes a quarter of a second.
#   $1 its name; standard input: the drop-in that prevents the start
service_hold() {
    mkdir -p "/run/systemd/system/$1.d" && cat >"/run/systemd/system/$1.d/pushgateway-lab-hold.conf" || return
    [ "$(systemctl show -p LoadState -- "$1")" = LoadState=not-found ] || systemctl daemon-reload
}

# Succeeds if service_hold prevents a service from starting.   $1 its name
service_is_held() { [ -e "/run/systemd/system/$1.d/pushgateway-lab-hold.conf" ]; }

# Allows a service to start again after service_hold.   $1 its name
service_release() {
    service_is_held "$1" || return 0
    rm -f -- "/run/systemd/system/$1.d/pushgateway-lab-hold.conf" &&
        rmdir -- "/run/systemd/system/$1.d" 2>/dev/null
    systemctl daemon-reload
}

# Stops a timer and its service, if they exist.   $1 the timer; $2 the service, or nothing
timer_stop() {
    systemctl stop -- "$1" 2>/dev/null || :
    [ -z "${2:-}" ] || systemctl stop -- "$2" 2>/dev/null || :
}

# Enables and starts a timer, after its files were written.   $1 its name
timer_enable() { systemctl daemon-reload && systemctl enable --quiet --now -- "$1"; }

# Runs the service of a timer once, and waits for its end.   $1 the service
timer_run() {
    # Without this, systemd refuses the sixth start within ten seconds.
    systemctl reset-failed -- "$1" 2>/dev/null || :
    systemctl start -- "$1"
}

# Disables and stops a timer, before its files are deleted.   $1 its name
timer_disable() { systemctl disable --quiet --now -- "$1" 2>/dev/null; }

# Makes systemd forget the definitions and failed runs of a timer and its service, after their files were deleted.
#   $1 the timer; $2 the service
timer_forget() {
    systemctl daemon-reload
    systemctl reset-failed -- "$2" 2>/dev/null
}

# Prints a line "main PID NAME" for the main process of each service.
service_main_pids() {
    timeout 4 systemctl show --no-pager -p MainPID,Id -- '*.service' 2>/dev/null |
        awk -F= '{ said[$1] = $2 } $0 == "" { print_main() } END { print_main() }
            function print_main() { if (said["MainPID"] > 0) print "main", said["MainPID"], said["Id"]; said["MainPID"] = 0 }'
}

# Prints a line "listens PORT NAME" for each port on which systemd itself listens for a socket unit.
service_listening_ports() {
    timeout 4 systemctl list-sockets --no-pager --no-legend --full 2>/dev/null |
        awk '$1 ~ /:[0-9]+$/ { sub(/.*:/, "", $1); print "listens", $1, $2 }'
}

# Prints the drop-in directories of units.   $@ their names
service_drop_ins() {
    for unit in "$@"; do
        [ -e "/etc/systemd/system/$unit.d" ] && echo "/etc/systemd/system/$unit.d"
    done
}

# Prints the last lines in the log of a service, from all its runs.   $1 its name; $2 lines; $3 time limit, seconds
service_log() { timeout "$3" journalctl --no-pager -o cat -n "$2" "_SYSTEMD_UNIT=$1" 2>/dev/null; }

# Prints the last lines about a service since the boot of the host, including those of systemd.
#   $1 its name; $2 lines; $3 time limit, seconds
service_log_of_boot() { timeout "$3" journalctl --no-pager -o cat -b -n "$2" -u "$1" 2>/dev/null; }

# Prints the last lines that the processes of a service wrote since a time, without those of systemd. The journal may be
# some moments late.   $1 its name; $2 lines; $3 time limit, seconds; $4 the time, seconds since 1970
service_words() {
    timeout "$3" journalctl --sync 2>/dev/null
    timeout "$3" journalctl --no-pager -o cat -n "$2" --since "@$4" "_SYSTEMD_UNIT=$1" 2>/dev/null
}

# Prints the log of a service since a time.   $1 its name; $2 the time, seconds since 1970; $3 time limit, seconds
service_log_since() { timeout "$3" journalctl --no-pager -o cat -u "$1" --since "@$2" 2>/dev/null; }
