#!/bin/sh
# Functions for the firewalls that distributions come with: ufw and firewalld. Each has a name, "ufw" or "firewalld".

# Prints a line "firewall NAME STATE" for each active firewall: open (it lets everybody to the port), decided (it has a
# rule about this port, which the administrator wrote) or closed.   $1 the port
firewall_look() {
    for name in ufw firewalld; do
        state=$("firewall_state_of_$name" "$1") && echo "firewall $name $state"
    done
}

# Both succeed if the firewall is active.   $1 the port
firewall_state_of_ufw() {
    # Only root can write this file; ufw itself takes long to start.
    grep -qx 'ENABLED=yes' /etc/ufw/ufw.conf 2>/dev/null && command -v ufw >/dev/null || return 1
    timeout 4 ufw status verbose 2>/dev/null | awk -v port="$1" '
        /^Status: / { active = $2 == "active" }
        /^Default: allow \(incoming\)/ { state = "open" }
        # To, action, direction, From. "To" may be an address and ports, or ports alone.
        {
            action = 0
            for (i = 2; i <= NF && !action; i++) if ($i ~ /^(ALLOW|DENY|REJECT|LIMIT)$/) action = i
            if (!action || $(action + 1) != "IN") next
            for (i = 1; i < action; i++) {
                if ($i !~ /^[0-9][0-9:,]*(\/tcp)?$/ || !covers($i)) continue
                alone = action == 2 || (action == 3 && $2 == "(v6)")
                from = $(action + 2) == "Anywhere" && $(action + 3) ~ /^((\(v6\))|#.*)?$/
                if ($action == "ALLOW" && alone && from) {
                    if (state == "") state = "open"
                } else state = "decided"
            }
        }
        function covers(spec, each, ends, i, last, many) {
            sub(/\/.*/, "", spec)
            many = split(spec, each, ",")
            for (i = 1; i <= many; i++) {
                last = split(each[i], ends, ":")
                if (ends[1] + 0 <= port + 0 && port + 0 <= ends[last] + 0) return 1
            }
            return 0
        }
        END {
            if (!active) exit 1
            print state == "" ? "closed" : state
        }'
}

firewall_state_of_firewalld() {
    command -v firewall-cmd >/dev/null && [ -d /run/firewalld ] || return 1
    said=$(timeout 8 firewall-cmd --list-all 2>/dev/null) || return 1
    if timeout 8 firewall-cmd --quiet --query-port="$1/tcp" 2>/dev/null; then
        echo open
        return
    fi
    # Rich rules about this port; and interfaces in another zone, where a port of the default zone opens nothing.
    zones=$(timeout 8 firewall-cmd --get-active-zones 2>/dev/null | sed -n 's/^\([^ ][^ ]*\).*/\1/p')
    default=$(timeout 8 firewall-cmd --get-default-zone 2>/dev/null)
    printf '%s\n' "$said" | awk -v port="$1" -v zones="$zones" -v default_zone="$default" '
        match($0, /port="[0-9-]+"/) {
            last = split(substr($0, RSTART + 6, RLENGTH - 7), ends, "-")
            if (ends[1] + 0 <= port + 0 && port + 0 <= ends[last] + 0) decided = 1
        }
        END {
            many = split(zones, each, "\n")
            for (i = 1; i <= many; i++) if (each[i] != "" && each[i] != default_zone) decided = 1
            print decided ? "decided" : "closed"
        }'
}

# Open and close a port for everybody, now and after a reboot.   $1 the name; $2 the port
firewall_open() {
    case $1 in
    ufw) ufw allow proto tcp to any port "$2" comment pushgateway-lab ;;
    firewalld) firewall-cmd --permanent --add-port="$2/tcp" && firewall-cmd --add-port="$2/tcp" ;;
    esac
}

firewall_close() {
    case $1 in
    ufw) ! command -v ufw >/dev/null || ufw delete allow proto tcp to any port "$2" ;;
    firewalld)
        command -v firewall-cmd >/dev/null || return 0
        # firewall-offline-cmd changes the files while firewalld does not run.
        if firewall-cmd --state >/dev/null 2>&1; then
            firewall-cmd --permanent --remove-port="$2/tcp" && firewall-cmd --remove-port="$2/tcp"
        else
            firewall-offline-cmd --remove-port="$2/tcp"
        fi
        ;;
    esac
}
