#!/bin/sh
# One look at a host: everything the deploys decide on, in one round trip.
#
# Takes, as shell variables set before it: config_path, prometheus_unit, prometheus_url.
# Prints one "name value" a line; values that could hold anything are base64. The first line is the
# version of this format, the last one says that nothing is missing. It changes nothing, and exits
# with 0 whatever it finds: what it found is what it prints.

: "${config_path:?}" "${prometheus_unit:?}" "${prometheus_url:?}"
export LC_ALL=C
pushgateway_unit=prometheus-pushgateway.service
defaults=/etc/default/prometheus-pushgateway

base64_of() { base64 -w0 "$1"; }

look_at_system() {
    # shellcheck source=/dev/null
    printf 'os %s\n' "$(. /etc/os-release 2>/dev/null && printf '%s' "$PRETTY_NAME" | base64 -w0)"
    [ -d /run/systemd/system ] && echo "systemd running"
    for tool in apt-get curl promtool; do
        command -v "$tool" >/dev/null && echo "tool $tool"
    done
    # Debian's testing has promtool in a package of its own, the releases before do not.
    if ! command -v promtool >/dev/null && command -v apt-cache >/dev/null; then
        apt-cache show promtool >/dev/null 2>&1 && echo "promtool_package available"
    fi
    dpkg-query -W -f='package ${Package} ${db:Status-Status} ${Version}\n' \
        prometheus prometheus-pushgateway 2>/dev/null
}

look_at_units() {
    shown=$(systemctl show --no-pager \
        -p Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,ExecStart,CanReload \
        "$prometheus_unit" "$pushgateway_unit" 2>/dev/null)
    printf 'units %s\n' "$(printf '%s' "$shown" | base64 -w0)"
    pid=$(systemctl show -p MainPID --value "$pushgateway_unit" 2>/dev/null)
    if [ "${pid:-0}" -gt 0 ] && [ -r "/proc/$pid/cmdline" ]; then
        printf 'pushgateway_argv %s\n' "$(base64_of "/proc/$pid/cmdline")"
        find "/proc/$pid/fd" -lname 'socket:*' -printf 'pushgateway_socket %l\n' 2>/dev/null
    fi
    [ -e "$defaults" ] && printf 'pushgateway_defaults %s\n' "$(base64_of "$defaults")"
}

# Listening TCP sockets as the kernel shows them: address, port and inode. State 0A is LISTEN.
look_at_listeners() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" {print "listen", $2, $10}'
}

look_at_config() {
    real=$(readlink -f "$config_path")
    [ -e "$config_path" ] || { echo "config absent"; return; }
    [ -f "$real" ] || { echo "config special"; return; }
    printf 'config_real_path %s\n' "$(printf '%s' "$real" | base64 -w0)"
    # What a run leaves that is killed in the middle of a transaction (replace-config.sh).
    for leftover in "$(dirname "$real")/.$(basename "$real").pushgateway-lab."*; do
        [ -e "$leftover" ] && echo "config_leftover yes"
    done
    stat -c 'config_changed %.9Z' "$real"
    # One read, so that the digest is that of the very text.
    text=$(base64_of "$real") || { echo "config unreadable"; return; }
    printf 'config_text %s\n' "$text"
    printf 'config_digest %s\n' "$(printf '%s' "$text" | base64 -d | sha256sum | cut -d' ' -f1)"
    echo "config present"
}

# The loaded configuration comes as one line of JSON, the metrics as many lines.
look_at_prometheus() {
    command -v curl >/dev/null || return
    curl --silent --fail --noproxy '*' --max-time 5 --write-out '\n' \
        "$prometheus_url/api/v1/status/config" "$prometheus_url/metrics" 2>/dev/null |
        sed -n -e '1s/^{/prometheus_config {/p' -e '/^prometheus_config_last_reload_success/p'
}

echo "snapshot 1"
printf 'uid %s\n' "$(id -u)"
printf 'user %s\n' "$(id -un 2>/dev/null)"
if [ "$(id -u)" -eq 0 ]; then
    look_at_system
    look_at_units
    look_at_listeners
    look_at_config
    look_at_prometheus
fi
echo "end"
exit 0
