#!/bin/sh
# One look at a host: everything the deploys decide on, in one round trip.
#
# Takes, as shell variables set before it: config_path, prometheus_unit, prometheus_url; and further,
# which is empty or the text of another look to take in the same round trip.
# Prints one "name value" a line; values that could hold anything are base64. The first line is the
# version of this format, the last one says that nothing is missing. It changes nothing, and exits
# with 0 whatever it finds: what it found is what it prints.

: "${config_path:?}" "${prometheus_unit:?}" "${prometheus_url:?}"
export LC_ALL=C
pushgateway_unit=prometheus-pushgateway.service
defaults=/etc/default/prometheus-pushgateway

# Each program started costs a millisecond, times the hosts of a class: what the shell can do itself,
# it does itself.

print_base64() {
    printf '%s ' "$1"
    base64 -w0 -- "$2"
    status=$?
    echo
    return $status
}

look_at_system() {
    # shellcheck source=/dev/null
    (. /etc/os-release && printf 'os %s\n' "$PRETTY_NAME") 2>/dev/null
    [ -d /run/systemd/system ] && echo "systemd running"
    for tool in apt-get curl promtool /usr/bin/python3; do
        command -v "$tool" >/dev/null && echo "tool $tool"
    done
    # Debian's testing has promtool in a package of its own, the releases before do not.
    if ! command -v promtool >/dev/null && command -v apt-cache >/dev/null; then
        apt-cache show promtool >/dev/null 2>&1 && echo "promtool_package available"
    fi
}

# What is installed tells more only where it does not run.
look_at_packages() {
    case $active in
    *" $prometheus_unit "*" $pushgateway_unit "* | *" $pushgateway_unit "*" $prometheus_unit "*) return ;;
    esac
    dpkg-query -W -f='package ${Package} ${db:Status-Status} ${Version}\n' \
        prometheus prometheus-pushgateway 2>/dev/null
}

# The files of the optional prune, most often none: no program is started for none. Of a secret only this is
# told: same, as one that came on standard input (secrets_follow), empty, or differs.
look_at_prune() {
    set --
    secrets=
    for file in /usr/local/lib/pushgateway-lab/prune_groups.py \
        /usr/local/lib/pushgateway-lab/prune_listener.py \
        /etc/systemd/system/pushgateway-lab-prune.service \
        /etc/systemd/system/pushgateway-lab-prune.timer \
        /etc/pushgateway-lab/prune.arguments /etc/pushgateway-lab/prune.ca.pem \
        /etc/pushgateway-lab/prune.password /etc/pushgateway-lab/prune.client.pem; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        prune_units="pushgateway-lab-prune.service pushgateway-lab-prune.timer"
        # What is no regular file has a mode only, a symbolic link its own: that is none of ours.
        if [ -L "$file" ] || [ ! -f "$file" ]; then
            stat -c 'prune_mode %u:%g:%a %n' -- "$file"
            continue
        fi
        case $file in
        *.password | *.client.pem) secrets="$secrets $file" ;;
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

# systemctl shows a block of lines for each unit, with its Id somewhere in it, and an empty line
# between two blocks.
look_at_units() {
    # shellcheck disable=SC2086 # a list of words
    shown=$(systemctl show --no-pager \
        -p Id,LoadState,ActiveState,UnitFileState,MainPID,ExecStart,CanReload,NeedDaemonReload \
        "$prometheus_unit" "$pushgateway_unit" ${prune_units:-} 2>/dev/null)
    pid=0
    prometheus_pid=0
    active=" "
    broken=" "
    # shellcheck disable=SC2034 # prometheus_pid and broken are for what comes further
    while IFS= read -r property; do
        printf 'unit %s\n' "$property"
        case $property in
        MainPID=*) main_pid=${property#MainPID=} ;;
        ActiveState=*) state=${property#ActiveState=} ;;
        Id=*) id=${property#Id=} ;;
        "")
            case $state in
            active) active="$active $id " ;;
            inactive) ;;
            *) broken="$broken $id " ;;
            esac
            case $id in
            "$pushgateway_unit") pid=$main_pid ;;
            "$prometheus_unit") prometheus_pid=$main_pid ;;
            esac
            id=
            ;;
        esac
    done <<UNITS
$shown

UNITS
    if [ "$pid" -gt 0 ] && [ -r "/proc/$pid/cmdline" ]; then
        print_base64 pushgateway_argv "/proc/$pid/cmdline"
        find "/proc/$pid/fd" -lname 'socket:*' -printf 'pushgateway_socket %l\n' 2>/dev/null
    fi
    [ -e "$defaults" ] && print_base64 pushgateway_defaults "$defaults"
}

# Listening TCP sockets as the kernel shows them: address, port and inode. State 0A is LISTEN. A host may
# have thousands of connections, too many for the shell.
look_at_listeners() {
    awk '$4 == "0A" { print "listen", $2, $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

look_at_config() {
    [ -e "$config_path" ] || { echo "config absent"; return; }
    [ -f "$config_path" ] || { echo "config special"; return; }
    real=$config_path
    [ -L "$config_path" ] && real=$(readlink -f -- "$config_path")
    # What a run leaves that is killed in the middle of a transaction (replace-config.sh).
    for leftover in "${real%/*}/.${real##*/}.pushgateway-lab."* \
        "${defaults%/*}/.${defaults##*/}.pushgateway-lab."*; do
        [ -e "$leftover" ] && echo "config_leftover yes"
    done
    # The time first: a file that changes in between then looks older than it is, and is reloaded.
    config_changed=$(stat -L -c %.9Z -- "$config_path") &&
        echo "config_changed $config_changed" &&
        print_base64 config_text "$config_path" &&
        echo "config present" || echo "config unreadable"
}

# The loaded configuration comes as one line of JSON, behind the metrics.
look_at_prometheus() {
    command -v curl >/dev/null || return
    prometheus_said=$(curl --silent --fail --noproxy '*' --max-time 5 --write-out '\n' \
        "$prometheus_url/metrics" "$prometheus_url/api/v1/status/config" 2>/dev/null |
        sed -n -e '/^prometheus_config_last_reload_success/p' -e 's/^{"status"/prometheus_config &/p')
    printf '%s\n' "$prometheus_said"
}

echo "snapshot 1"
uid=$(id -u)
echo "uid $uid"
if [ "$uid" -eq 0 ]; then
    look_at_system
    look_at_prune
    look_at_units
    look_at_packages
    look_at_listeners
    look_at_config
    look_at_prometheus
    [ -z "${further:-}" ] || eval "$further"
else
    echo "user $(id -un)"
fi
echo "end"
exit 0
