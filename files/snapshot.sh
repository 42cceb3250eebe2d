#!/bin/sh
# One look at a host: everything the deploys decide on, in one round trip.
#
# Takes, as shell variables set before it: mark (a line that no host can know, printed before the
# answer), config_path, longest (the bytes of it that are read), prometheus_url; the services
# prometheus_unit and pushgateway_unit; flags_file (where the Pushgateway's command line is written);
# packages and tools (lists of words); of the prune prune_files, prune_secrets (those of the files that are
# secrets) and prune_unit_names (lists of words); and the functions of whose.sh, of a service manager and of a
# package manager. Where a function look_further was defined before it, that looks at more.
# Prints one "name value" a line; values that could hold anything are base64. The first line is the
# version of this format, the last one says that nothing is missing; "at PLACE" says where it stood,
# should it not come to an end, and "cut PLACE" that there was more than a look takes. It changes
# nothing, and exits with 0 whatever it finds: what it found is what it prints.
# Nothing that it reads becomes part of a program, an option or a pattern.

# shellcheck disable=SC2154 # real, ways, writer and obstacle come from whose.sh
: "${mark:?}" "${config_path:?}" "${longest:?}" "${prometheus_unit:?}" "${prometheus_url:?}"
: "${pushgateway_unit:?}" "${flags_file:?}" "${packages:?}" "${tools:?}"
: "${prune_files:?}" "${prune_secrets:?}" "${prune_unit_names:?}"

export LC_ALL=C
MOST_SAID=4000000    # bytes of what Prometheus says
MOST_LISTENERS=20000 # lines of listening sockets

# Each program started costs a millisecond, times the hosts of a class: what the shell can do itself,
# it does itself.

print_text() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | base64 -w0)"; }

print_base64() {
    printf '%s ' "$1"
    base64 -w0 -- "$2"
    status=$?
    echo
    return $status
}

look_at_rights() {
    uid=
    while read -r field _ value _; do
        if [ "$field" = Uid: ]; then
            uid=$value
            break
        fi
    done 2>/dev/null </proc/self/status
    : "${uid:=$(id -u)}"
}

look_at_system() {
    while IFS= read -r line; do
        case $line in
        PRETTY_NAME=*) printf 'os %s\n' "${line#PRETTY_NAME=}" && break ;;
        esac
    done 2>/dev/null </etc/os-release
    service_manager_runs && echo "service_manager runs"
    for tool in $tools; do
        command -v "$tool" >/dev/null && echo "tool $tool"
    done
    package_look_for_promtool
}

# What is installed tells more only where it does not run.
look_at_packages() {
    case $active in
    *" $prometheus_unit "*" $pushgateway_unit "* | *" $pushgateway_unit "*" $prometheus_unit "*) return ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    package_look $packages
}

# The files of the optional prune, most often none: no program is started for none. Of a secret only this is
# told: same, as one that came on standard input (secrets_follow), empty, or differs.
look_at_prune() {
    set --
    secrets=
    for file in $prune_files; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        prune_units=$prune_unit_names
        # What is no regular file has a mode only, a symbolic link its own: that is none of ours.
        if [ -L "$file" ] || [ ! -f "$file" ]; then
            stat -c 'prune_mode %u:%g:%a %n' -- "$file"
            continue
        fi
        case " $prune_secrets " in
        *" $file "*) secrets="$secrets $file" ;;
        *) set -- "$@" "$file" ;;
        esac
    done
    [ -n "${prune_units:-}" ] || return
    # shellcheck disable=SC2086 # a list of words
    [ -n "$*$secrets" ] && stat -c 'prune_mode %u:%g:%a %n' -- "$@" $secrets
    [ $# -eq 0 ] || sha256sum -- "$@" | while read -r digest file; do
        echo "prune_content $digest $file"
    done
    wanted=
    [ -z "${secrets_follow:-}" ] || wanted=$(base64 -d)
    for file in $secrets; do
        content=differs
        if [ ! -s "$file" ]; then
            content=empty
        elif [ -n "$wanted" ]; then
            # By the shell itself: what a program is given as arguments, everybody can read.
            case "
$wanted
" in
            *"
$file $(base64 -w0 -- "$file")
"*) content=same ;;
            esac
        fi
        echo "prune_content $content $file"
    done
}

look_at_services() {
    pid=0
    prometheus_pid=0
    prometheus_user=
    prometheus_group=
    prometheus_exists=no
    active=" "
    broken=" "
    echo "prometheus_service $prometheus_unit"
    echo "pushgateway_service $pushgateway_unit"
    # shellcheck disable=SC2086 # a list of words
    service_look "$prometheus_unit" "$pushgateway_unit" ${prune_units:-}
    if [ "$pid" -gt 0 ] && [ -r "/proc/$pid/cmdline" ]; then
        print_base64 pushgateway_argv "/proc/$pid/cmdline"
        find "/proc/$pid/fd" -lname 'socket:*' -printf 'pushgateway_socket %l\n' 2>/dev/null
    fi
    [ -e "$flags_file" ] && print_base64 flags_text "$flags_file"
}

# Called by service_look for each service.   $1 name; $2 state; $3 pid; $4 user; $5 group; $6 whether it exists
# shellcheck disable=SC2034,SC2317 # called by service_look; prometheus_pid and broken are for what comes further
note_service() {
    case $2 in
    active) active="$active $1 " ;;
    inactive) ;;
    *) broken="$broken $1 " ;;
    esac
    case $1 in
    "$pushgateway_unit") pid=$3 ;;
    "$prometheus_unit")
        prometheus_pid=$3
        prometheus_user=$4
        prometheus_group=$5
        prometheus_exists=$6
        ;;
    esac
}

# Listening TCP sockets as the kernel shows them: address, port and inode. State 0A is LISTEN. A host may
# have thousands of connections, too many for the shell.
look_at_listeners() {
    awk -v most="$MOST_LISTENERS" '$4 == "0A" {
        if (++n > most) { print "cut listeners"; exit }
        print "listen", $2, $10
    }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

look_at_config() {
    [ -e "$config_path" ] || { echo "config absent"; return; }
    [ -f "$config_path" ] || { echo "config special"; return; }
    follow "$config_path" || { echo "config unreadable"; return; }
    # What a run leaves that is killed in the middle of a transaction (replace-config.sh).
    for leftover in "${real%/*}/.${real##*/}.pushgateway-lab."* \
        "${flags_file%/*}/.${flags_file##*/}.pushgateway-lab."*; do
        [ -e "$leftover" ] && echo "config_leftover yes"
    done
    # The time first: a file that changes in between then looks older than it is, and is reloaded.
    {
        read -r config_changed size _
        decide_writer
    } <<STATS
$(stat_all "$real" "$ways")
STATS
    is_number "$config_changed" || { echo "config unreadable"; return; }
    echo "config_changed $config_changed"
    echo "config_writer $writer"
    [ -z "$obstacle" ] || print_text config_obstacle "$obstacle"
    [ "$size" -le "$longest" ] || { echo "config large"; return; }
    find_reader "$prometheus_pid" "$prometheus_user" "$prometheus_group" "$prometheus_exists"
    printf 'config_text '
    as_reader base64 -w0 -- "$real" 2>/dev/null
    status=$?
    echo
    [ "$status" -eq 0 ] && echo "config present" || echo "config unreadable"
}

# The loaded configuration comes as one line of JSON, behind the metrics.
look_at_prometheus() {
    command -v curl >/dev/null || return
    prometheus_said=$(curl -q --silent --fail --fail-early --globoff --noproxy '*' --proto =http,https \
        --connect-timeout 2 --max-time 3 --write-out '\n' \
        --url "$prometheus_url/metrics" --url "$prometheus_url/api/v1/status/config" 2>/dev/null |
        head -c "$MOST_SAID" |
        sed -n -e '/^prometheus_config_last_reload_success/p' -e 's/^{"status"/prometheus_config &/p')
    printf '%s\n' "$prometheus_said"
}

printf '\n%s\n' "$mark"
echo "snapshot 3"
echo "at rights"
look_at_rights
echo "uid $uid"
if [ "$uid" -eq 0 ]; then
    echo "at system"
    look_at_system
    look_at_prune
    echo "at services"
    look_at_services
    look_at_packages
    look_at_listeners
    echo "at config"
    look_at_config
    echo "at prometheus"
    look_at_prometheus
    if command -v look_further >/dev/null; then look_further; fi
else
    echo "user $(id -un)"
fi
echo "end"
exit 0
