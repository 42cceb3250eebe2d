#!/bin/sh
# Functions for the services of a host without systemd: init scripts in /etc/init.d, as Debian's packages have them.
# This file is put after systemd.sh, whose functions it replaces on such a host. services/init_scripts.py is its
# counterpart in the package.

if [ ! -d /run/systemd/system ]; then

    # shellcheck disable=SC2034 # the callers use it
    [ ! -d /etc/init.d ] || service_manager=init

    # Sets script to the init script of a service.   $1 its name
    find_script() { script=/etc/init.d/${1%.service}; }

    # Sets main_pid to the process that the script of a service has started; 0 if it does not run. Only a file of
    # root's counts: the directory may belong to the user of the service.   $1 its name
    # shellcheck disable=SC3067 # every sh of Debian and Ubuntu has -O
    find_started() {
        find_script "$1"
        main_pid=0
        own=$(sed -n 's,^PIDFILE=\(/[A-Za-z0-9_./-]*\)$,\1,p' "$script" 2>/dev/null)
        for file in $own "/run/prometheus/${script##*/}.pid" "/run/${script##*/}.pid" "/run/${script##*/}/${script##*/}.pid"; do
            if [ -f "$file" ] && [ ! -L "$file" ] && [ -O "$file" ] && read -r noted <"$file"; then
                case $noted in
                "" | *[!0-9]*) continue ;;
                esac
                if is_program_of_script "$noted" && is_of_script_user "$noted"; then main_pid=$noted && return; fi
            fi
        done 2>/dev/null
    }

    # Succeeds if a process has the name of the script, or of a server: after the end of its process, another program
    # may get the id that a file still has. The kernel has the first 15 characters of a name (proc(5), comm).
    #   $1 process id
    is_program_of_script() {
        comm=
        { IFS= read -r comm; } 2>/dev/null <"/proc/$1/comm"
        case $comm in
        "") return 1 ;;
        prometheus | pushgateway) return 0 ;;
        esac
        case ${script##*/} in
        "$comm") return 0 ;;
        "$comm"*) [ "${#comm}" -eq 15 ] ;;
        *) return 1 ;;
        esac
    }

    # Sets script_user to the user that the script has in USER, as the scripts of the packages have it; empty if it has
    # none. Its file in /etc/default is read after it (init-d-script).
    find_script_user() {
        script_name=${script##*/}
        script_user=
        for script_file in "$script" "/etc/default/${script##*/}"; do
            [ ! -f "$script_file" ] || while IFS= read -r script_line; do
                case $script_line in
                NAME=*) script_name=${script_line#NAME=} ;;
                USER=*) script_user=${script_line#USER=} ;;
                esac
            done <"$script_file"
        done 2>/dev/null
        script_user=${script_user#[\"\']}
        script_user=${script_user%[\"\']}
        # shellcheck disable=SC2016 # the text of the script
        case $script_user in
        '$NAME' | '${NAME}') script_user=$script_name ;;
        esac
        case $script_user in
        *[!A-Za-z0-9_.-]* | -*) script_user= ;;
        esac
    }

    # Succeeds if root or the user that the script names runs a process. Everybody can run a program with the name of a
    # server, and get the id of one that ended.   $1 process id
    is_of_script_user() {
        ids=
        while read -r status_field ids; do
            if [ "$status_field" = Uid: ]; then break; fi
        done 2>/dev/null <"/proc/$1/status"
        # shellcheck disable=SC2086 # four ids, one of which differs for a program that has the set-user-id bit
        set -- $ids
        [ $# -eq 4 ] && [ "$1.$1.$1" = "$2.$3.$4" ] || return 1
        [ "$1" != 0 ] || return 0
        find_script_user
        if [ -n "$script_user" ]; then
            [ "$(id -u -- "$script_user" 2>/dev/null)" = "$1" ]
            return
        fi
        # A script of somebody else has it in another variable, or in an option of start-stop-daemon.
        owner=$(id -un -- "$1" 2>/dev/null)
        case $owner in
        "" | *[!A-Za-z0-9_-]*) return 1 ;;
        esac
        grep -qsE "(USER[A-Za-z_]*=|--(chuid|user)[= ]|-[cu] )[\"']?$owner([\"':[:space:]]|\$)" \
            "$script" "/etc/default/${script##*/}"
    }

    # Sets user and group to those of a running service; to the user that its script names if it does not run.
    find_user() {
        if [ "$main_pid" -gt 0 ]; then
            read -r user group <<OWNER
$(stat -c '%U %G' "/proc/$main_pid" 2>/dev/null)
OWNER
        else
            find_script_user
            user=$script_user
            group=$user
        fi
    }

    # Prints the same lines as systemd.sh, with the names of systemctl's properties.   $@ the names of services
    service_look() {
        for name in "$@"; do
            case $name in
            *.timer) continue ;;
            esac
            find_started "$name"
            if [ ! -x "$script" ]; then
                printf 'service %s\n' "Id=$name" LoadState=not-found ActiveState=inactive ""
                note_service "$name" inactive 0 "" "" no ""
                continue
            fi
            find_user
            state=inactive
            [ "$main_pid" -eq 0 ] || state=active
            starts_at_boot=disabled
            for link in /etc/rc[2-5].d/S[0-9][0-9]"${script##*/}"; do
                [ ! -e "$link" ] || starts_at_boot=enabled
            done
            command="{ path=$script ; argv[]=$script start ; ignore_errors=no }"
            printf 'service %s\n' "Id=$name" LoadState=loaded "ActiveState=$state" "UnitFileState=$starts_at_boot" \
                "MainPID=$main_pid" "ExecStart=$command" CanReload=no "User=$user" "Group=$group" "FragmentPath=$script" ""
            note_service "$name" "$state" "$main_pid" "$user" "$group" yes "$command"
        done
    }

    service_changed_by() { :; }

    service_is_there() {
        find_script "$1"
        [ -x "$script" ]
    }

    service_is_transient() { return 1; }

    # Prints the services whose scripts name a program as their own.   $1 its name, without special characters
    service_with_program() {
        grep -lE "^DAEMON=[\"']?/[^ ]*/(prometheus-)?$1[\"']?\$" /etc/init.d/* 2>/dev/null |
            sed 's,.*/,,' | grep -xE '[A-Za-z0-9_.-]+' | grep -v '^-' | sed 's/$/.service/'
    }

    # Prints the service that has started a process; nothing if none has.   $1 process; $2 the program's name
    service_of_process() {
        for each in $(service_with_program "$2"); do
            find_started "$each"
            if [ "$main_pid" = "$1" ]; then
                echo "$each"
                return
            fi
        done
    }

    # shellcheck disable=SC2034 # the callers use it
    service_look_at_flags() { own_flags_file=/etc/default/${1%.service}; }

    service_names_config() {
        find_script "$1"
        names_config "$2" "$3" "/etc/default/${1%.service}" "$script"
    }

    service_is_starting() { return 1; }

    # shellcheck disable=SC2034 # the callers use them
    service_ask() {
        find_started "$1"
        find_user
        exists=no
        if [ -x "$script" ]; then exists=yes; fi
    }

    # Debian's scripts send this signal, too, whatever the name of their function (do_reload_sigusr1). Others may not.
    service_reload() {
        find_started "$1"
        [ "$main_pid" -gt 0 ] && kill -s HUP "$main_pid"
    }

    service_run() {
        find_script "$1"
        # The second command, because the first one leaves a script disabled.
        [ "$3" != yes ] || { update-rc.d "${script##*/}" defaults && update-rc.d "${script##*/}" enable; } || return
        # A daemon must not hold on to the pipes and the lock of this run.
        env -i "PATH=$PATH" LC_ALL=C timeout 90 "$script" "$2" </dev/null 9>&- || return
        # The script may end before the process has written its file, and has its name.
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            find_started "$1"
            [ "$main_pid" -eq 0 ] || return 0
            sleep 0.25
        done
        echo "$script $2 has started no process"
        return 1
    }

    service_stop() {
        find_script "$1"
        [ ! -x "$script" ] || env -i "PATH=$PATH" LC_ALL=C timeout 90 "$script" stop </dev/null >/dev/null 2>&1 || :
    }

    service_disable() {
        find_script "$1"
        update-rc.d "${script##*/}" disable
    }

    service_reload_all() { :; }
    service_reload_definitions() { :; }
    service_make_place_for_drop_in() { :; }
    service_remove_drop_in() { :; }
    service_look_at_hardening() { :; }

    # The script of a package is started by invoke-rc.d, which asks policy-rc.d. One that is there stays: it decides.
    service_hold() {
        [ ! -e /usr/sbin/policy-rc.d ] || return 0
        printf '#!/bin/sh\n# of pushgateway-lab, while it installs packages\ncase " $* " in *" %s "*) exit 101 ;; esac\n' \
            "${1%.service}" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
    }

    service_is_held() { grep -q '^# of pushgateway-lab,' /usr/sbin/policy-rc.d 2>/dev/null; }

    service_release() {
        if service_is_held; then rm -f /usr/sbin/policy-rc.d; fi
    }

    service_main_pids() {
        for file in /run/*.pid /run/*/*.pid; do
            name=${file##*/}
            [ -x "/etc/init.d/${name%.pid}" ] || continue
            find_started "${name%.pid}"
            [ "$main_pid" -eq 0 ] || echo "main $main_pid ${name%.pid}"
        done
    }

    service_listening_ports() { :; }
    service_drop_ins() { :; }

    # Sets log to the log of a service, which its script writes, and user and group.   $1 its name
    find_log() {
        find_started "$1"
        find_user
        log=/dev/null
        for file in "/var/log/prometheus/${script##*/}.log" "/var/log/${script##*/}.log" "/var/log/${script##*/}/${script##*/}.log"; do
            if [ -f "$file" ]; then log=$file && return; fi
        done
    }

    # Prints the end of that log, as the user of the service: its directory is that user's, who may put a link there.
    # Root reads it only in a directory of root's.   $@ the options of tail
    # shellcheck disable=SC3067 # every sh of Debian and Ubuntu has -O
    read_log() {
        case $user in
        "" | root)
            if [ ! -L "$log" ] && [ -O "$log" ] && [ -O "${log%/*}" ]; then
                tail "$@" -- "$log"
            else
                setpriv --reuid=65534 --regid=65534 --clear-groups tail "$@" -- "$log" </dev/null
            fi
            ;;
        *) setpriv "--reuid=$user" "--regid=${group:-$user}" --clear-groups tail "$@" -- "$log" </dev/null ;;
        esac 2>/dev/null
    }

    service_log() {
        find_log "$1"
        read_log -n "$2"
    }

    service_log_of_boot() { service_log "$@"; }
    service_words() { service_log "$@"; }

    # Each line of both servers has the time in UTC: ts= or time=.
    service_log_since() {
        find_log "$1"
        read_log -c 1000000 | awk -v since="$(date -u -d "@$2" +%Y-%m-%dT%H:%M:%S.%3N)" '
            match($0, /(ts|time)=[0-9T:.-]+Z/) {
                at = substr($0, RSTART, RLENGTH)
                sub(/^[a-z]*=/, "", at)
                if (substr(at, 1, 23) >= since) print
            }'
    }
fi
