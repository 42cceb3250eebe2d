#!/bin/sh
# Functions that find the services and processes of Prometheus and of the Pushgateway. This file is put before the
# scripts that use them. Needs the functions of a service manager.
#
# What runs comes first, then what could run. A process of a service comes before any other: every user can run a
# program of any name. Programs are known by the name that the kernel has, the first 15 characters (proc(5), comm).

noted_services=
scanned=

# service_look calls this for each service.
#   $1 name; $2 state; $3 main process or 0; $4 user; $5 group; $6 exists: yes or no; $7 its command
note_service() {
    noted_services="$noted_services
$1 $2 $3 ${4:--} ${5:--} $6 $7"
}

# Sets state, main_pid, user, group, exists and starts of a service that was looked at; those of a service that does
# not exist, if it was not.   $1 its name
# shellcheck disable=SC2034 # the callers use them
service_noted() {
    state=inactive main_pid=0 user='' group='' exists=no starts=''
    # Without read, which takes each byte on its own.
    line=${noted_services#*"
$1 "}
    [ "$line" != "$noted_services" ] || return 0
    line=${line%%"
"*}
    state=${line%% *} && line=${line#* }
    main_pid=${line%% *} && line=${line#* }
    user=${line%% *} && line=${line#* }
    group=${line%% *} && line=${line#* }
    exists=${line%% *} && starts=${line#* }
    user=${user#-} group=${group#-}
}

# Sets server to the server that a process is: prometheus, pushgateway or nothing.   $1 process id
server_of() {
    server=
    comm=
    { IFS= read -r comm; } 2>/dev/null <"/proc/$1/comm"
    case $comm in
    prometheus) server=prometheus ;;
    pushgateway | prometheus-push) server=pushgateway ;;
    esac
}

# Sets unit to the service of a process; empty if it is of none of the system's.   $1 process id; $2 its server
unit_of() {
    unit=$(service_of_process "$1" "$2")
    case $unit in
    *[!A-Za-z0-9:_.@\\-]* | -*) unit= ;;
    esac
}

# Sets servers, a list of words PID:SERVER, once. Starts no program.
scan_processes() {
    [ -z "$scanned" ] || return 0
    scanned=yes
    servers=
    for process in /proc/[0-9]*; do
        server_of "${process#/proc/}"
        [ -z "$server" ] || servers="$servers ${process#/proc/}:$server"
    done
}

# Finds the service and the process of a server. Sets found_unit; found_pid, 0 if it does not run; is_service, no if
# the process is of no service, found_unit is the first usual one then; and rivals, a list of words SERVICE:PROCESS
# if several are equally good. The process of no service is "-:PROCESS" there.
#   $1 prometheus or pushgateway; $2 its service in the settings, or nothing; $3 its usual services; $4 its port
# shellcheck disable=SC2034 # the callers use them
find_server() {
    candidates=
    if [ -n "$2" ]; then
        find_process_of "$1" "$2"
    else
        find_among_usual "$1" "$3"
        case $candidates in
        "" | *" "*) find_among_processes "$1" ;;
        esac
        [ -n "$candidates" ] || find_what_could_run "$1" "$3" "$4"
        prefer_by_port "$4"
    fi
    first=${candidates%% *}
    rivals=
    [ "$first" = "$candidates" ] || rivals=$candidates
    found_pid=${first##*:}
    found_pid=${found_pid:-0}
    found_unit=${first%:*}
    is_service=yes
    case $found_unit in
    "") found_unit=${3%% *} ;;
    -) is_service=no && found_unit=${3%% *} ;;
    esac
}

add_candidate() { candidates="$candidates${candidates:+ }$1"; }

# Finds the process of a service: its main process, or the server that this one has started, as a shell does.
#   $1 server; $2 the service
find_process_of() {
    service_noted "$2"
    candidates="$2:$main_pid"
    [ "$main_pid" -gt 0 ] || return 0
    server_of "$main_pid"
    [ "$server" != "$1" ] || return 0
    scan_processes
    for each in $servers; do
        unit_of "${each%:*}" "$1"
        if [ "$unit" = "$2" ] && [ "${each#*:}" = "$1" ]; then
            candidates="$2:${each%:*}"
            return
        fi
    done
}

# Adds the usual services that run this server.   $1 server; $2 the services
find_among_usual() {
    for usual in $2; do
        service_noted "$usual"
        [ "$main_pid" -gt 0 ] || continue
        server_of "$main_pid"
        [ "$server" != "$1" ] || add_candidate "$usual:$main_pid"
    done
}

# Finds the services among all processes; sets without, the processes of this server that are of no service.
#   $1 server
find_among_processes() {
    scan_processes
    candidates=
    without=
    for each in $servers; do
        [ "${each#*:}" = "$1" ] || continue
        process=${each%:*}
        unit_of "$process" "$1"
        if [ -n "$unit" ] && is_service_of "$1" "$process"; then
            add_candidate "$unit:$process"
        else
            without="$without $process"
        fi
    done
}

# Succeeds if a unit is the service of a process in its group: the process is its main process, or its command
# names the server, and the process is in no container, whose units may have the same names. A service that somebody
# made for one run is like a process started by hand.
#   $1 server; $2 process; variable unit
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
is_service_of() {
    if service_is_transient "$unit"; then return 1; fi
    case $noted_services in
    *"
$unit "*) ;;
    *) service_look "$unit" ;;
    esac
    service_noted "$unit"
    [ "$exists" = yes ] || return 1
    [ "$main_pid" != "$2" ] || return 0
    [ "/proc/$2/root" -ef / ] || return 1
    case $starts in
    *"$1"*) return 0 ;;
    esac
    return 1
}

# Adds the processes in containers, else an existing service that does not run, else the processes of no service. A
# service that systemd made from an init script comes after other services: the script stays when somebody writes a unit
# of another name.
#   $1 server; $2 usual services; $3 the server's port
find_what_could_run() {
    find_in_container "$3"
    [ -z "$candidates" ] || return
    scripts=
    for usual in $2; do
        service_noted "$usual"
        case $exists$starts in
        no*) ;;
        *path=/etc/init.d/*) scripts="$scripts $usual:0" ;;
        *) add_candidate "$usual:0" ;;
        esac
    done
    [ -z "$candidates" ] || { candidates=${candidates%% *} && return; }
    for unit in $(service_with_program "$1"); do
        service_look "$unit"
        add_candidate "$unit:0"
    done
    [ -n "$candidates" ] || for script in $scripts; do add_candidate "$script"; done
    [ -n "$candidates" ] || for process in $without; do add_candidate "-:$process"; done
}

# Adds the processes of no service on a port that are in a container of this host, as one of an engine that is no
# service itself; or all of them if this host is a container that starts its server itself. The package's service, or
# its script, is not used then.   $1 the port
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
# shellcheck disable=SC2154 # the functions of the service manager set service_manager
find_in_container() {
    for process in $without; do
        # Everybody can make a user namespace, and a root directory in it.
        [ "/proc/$process/ns/user" -ef /proc/self/ns/user ] || continue
        [ "$service_manager" = init ] || ! [ "/proc/$process/root" -ef / ] || continue
        if listens_on "$process" "$1"; then add_candidate "-:$process"; fi
    done
}

# Of several candidates, keeps the only one that listens on a port.   $1 the port
prefer_by_port() {
    case $candidates in
    *" "*) ;;
    *) return ;;
    esac
    best=
    for each in $candidates; do
        if listens_on "${each##*:}" "$1"; then best="$best $each"; fi
    done
    case ${best# } in
    "" | *" "*) ;;
    *) candidates=${best# } ;;
    esac
}

# Succeeds if a process listens on a TCP port.   $1 process; $2 port
listens_on() {
    find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null |
        awk -v "port=$(printf '%04X' "$2")" '
            NR == FNR { held[substr($0, 9, length($0) - 9)]; next }
            $4 == "0A" && $10 in held && substr($2, length($2) - 3) == port { found = 1; exit }
            END { exit !found }' - /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
