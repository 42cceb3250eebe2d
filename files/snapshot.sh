#!/bin/sh
# One look at a host: prints all data that the deploys need to decide, in one round trip.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), config_path,
# longest (the largest size of this file in bytes), prometheus_url, targets_path (the path and query of the question for
# the job's targets), proof_note, added_note and firewall_note (files with notes of earlier runs), firewall_port (the port
# at which a firewall must be open, or nothing), closed_note (the note of a transaction about directories, see
# close-directory.sh); given, a list of those of the names config_path, prometheus_url, prometheus_unit and
# pushgateway_unit whose values come from the settings, the others are found; prometheus_unit and pushgateway_unit,
# services or nothing; prometheus_units and pushgateway_units (the usual services); prometheus_port and
# pushgateway_port; flags_file (the file with the Pushgateway's flags, if there is no service yet); web_config (the
# Pushgateway's web configuration file in the settings, or nothing); prometheus_flags_file (the file with Prometheus's
# flags, or nothing if they are not asked for), prometheus_defaults (that file in any case), unfinished_notes (files with
# notes about changes of flags that a killed run left unfinished, see note-flags.sh; a list of words), packages_note (the note about the packages that this toolkit has
# installed) and release_notes (those about releases, a list of files); packages, pinned (those of the packages
# whose version is pinned) and tools (lists of words); for the prune: prune_files, prune_secrets (the files that are
# secrets) and prune_unit_names (lists of words); for TLS and passwords: web_files, web_secrets (the same) and
# web_shown (those whose text is printed); secrets_follow, if secrets come on standard input. Needs the functions of
# whose.sh, secret-lines.sh, find-servers.sh, flags-in-use.sh, config-in-use.sh, firewalls.sh, web-config.sh, a service
# manager and a package manager. If a function look_further is defined, it is called at the end. If the running
# Prometheus reads another file than config_path, that file is looked at, unless config_path was given; then only if a
# function looks_at_running_config succeeds.
# Prints one "name value" a line; values with arbitrary bytes are base64. The first line is the version of this
# format; the last line, "end", shows that the answer is complete. "at PLACE" names the part that comes next,
# for an answer that is incomplete; "cut PLACE" means that a limit was reached. The script changes nothing and
# always exits with 0.
# No data from the host becomes part of a program, an option or a pattern.

# shellcheck disable=SC2154 # real, ways, writer and obstacle come from whose.sh
: "${mark:?}" "${config_path:?}" "${longest:?}" "${prometheus_units:?}" "${prometheus_url:?}"
: "${pushgateway_units:?}" "${prometheus_port:?}" "${pushgateway_port:?}" "${flags_file:?}" "${packages:?}" "${tools:?}"
: "${release_notes:?}" "${targets_path:?}" "${proof_note:?}" "${added_note:?}" "${firewall_note:?}" "${closed_note:?}" "${prune_files:?}" "${prune_secrets:?}" "${prune_unit_names:?}"
: "${web_files:?}" "${web_secrets:?}" "${web_shown:?}" "${packages_note:?}" "${prometheus_defaults:?}" "${unfinished_notes:?}"

export LC_ALL=C
PATH=$PATH:/usr/local/bin # not in the PATH of sudo on other distributions than Debian
MOST_SAID=4000000    # bytes of Prometheus's answers
MOST_LISTENERS=20000 # listening sockets
LONGEST_WEB_FILE=65536 # bytes of a file for TLS or passwords
MOST_NAMES=200       # lines of /etc/hosts, and addresses of each family

# Each program takes a millisecond to start, on every host of a class. So the shell does as much as it can
# itself.

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
    echo "service_manager $service_manager"
    for tool in $tools; do
        command -v "$tool" >/dev/null && echo "tool $tool"
    done
}

look_for_promtool() {
    find_promtool "$prometheus_pid"
    if [ -n "$promtool" ]; then echo "tool promtool"; else package_look_for_promtool; fi
}

# The packages matter only if one of the servers does not run, or if a version is pinned.
look_at_packages() {
    [ -n "${pinned:-}" ] || [ "$prometheus_pid" -eq 0 ] || [ "$pid" -eq 0 ] || return
    # shellcheck disable=SC2086 # a list of words
    package_look $packages
}

# The files of the optional prune, and those for TLS and passwords. Most hosts have none; then no program is started.
look_at_own_files() {
    prune_units=
    if look_at_files prune '%u:%g:%a' "$prune_files" "$prune_secrets"; then prune_units=$prune_unit_names; fi
    look_at_files web '%U:%u:%g:%a' "$web_files" "$web_secrets" || return 0
    for file in $web_shown; do
        if [ -f "$file" ] && [ ! -L "$file" ]; then
            echo "web_text $file $(head -c "$LONGEST_WEB_FILE" -- "$file" | base64 -w0)"
        fi
    done
}

# Prints lines "KIND_mode MODE PATH" and "KIND_content CONTENT PATH" about files; fails if there are none. They are in
# directories of root's. For a secret, the content is only: same (as the one on standard input, see secret-lines.sh),
# empty or differs.   $1 the kind; $2 the format of stat for the mode; $3 paths; $4 those of them that are secrets
look_at_files() {
    kind=$1
    format="$1_mode $2 %n"
    secret_paths=" $4 "
    there=
    secrets=
    # shellcheck disable=SC2086 # a list of words
    set -- $3
    for file; do
        shift
        [ -e "$file" ] || [ -L "$file" ] || continue
        there=yes
        # Not a regular file, so not installed by this toolkit: only its mode is printed, a link's own.
        if [ -L "$file" ] || [ ! -f "$file" ]; then
            stat -c "$format" -- "$file"
            continue
        fi
        case $secret_paths in
        *" $file "*) secrets="$secrets $file" ;;
        *) set -- "$@" "$file" ;;
        esac
    done
    [ -n "$there" ] || return 1
    # shellcheck disable=SC2086 # a list of words
    [ -n "$*$secrets" ] && stat -c "$format" -- "$@" $secrets
    [ $# -eq 0 ] || sha256sum -- "$@" | while read -r digest file; do
        echo "${kind}_content $digest $file"
    done
    for file in $secrets; do
        content=differs
        if [ ! -s "$file" ]; then
            content=empty
        elif [ -n "$secrets_compared" ]; then
            # Compared by the shell itself, because every user can read the arguments of a program.
            case $secrets_compared in
            *"
$file $(base64 -w0 -- "$file")
"*) content=same ;;
            esac
        fi
        echo "${kind}_content $content $file"
    done
}

look_at_services() {
    # shellcheck disable=SC2086 # a list of words
    set -- ${prune_units:-}
    for usual in ${prometheus_unit:-$prometheus_units} ${pushgateway_unit:-$pushgateway_units}; do
        case $usual in
        # The packages' services are asked for in any case, others only if they are there: each takes a millisecond.
        "${prometheus_units%% *}" | "${pushgateway_units%% *}" | "$prometheus_unit" | "$pushgateway_unit")
            set -- "$usual" "$@"
            ;;
        *) if service_is_there "$usual"; then set -- "$usual" "$@"; fi ;;
        esac
    done
    service_look "$@"
    find_server prometheus "${prometheus_unit:-}" "$prometheus_units" "$prometheus_port"
    prometheus_unit=$found_unit
    prometheus_pid=$found_pid
    prometheus_is_service=$is_service
    print_server prometheus
    print_user prometheus
    echo "prometheus_pid $prometheus_pid"
    find_server pushgateway "${pushgateway_unit:-}" "$pushgateway_units" "$pushgateway_port"
    pushgateway_unit=$found_unit
    pid=$found_pid
    print_server pushgateway
    print_user pushgateway
    echo "pushgateway_pid $pid"
    if [ "$pid" -gt 0 ] && [ -r "/proc/$pid/cmdline" ]; then
        print_base64 pushgateway_argv "/proc/$pid/cmdline"
    fi
    service_noted "$pushgateway_unit"
    if [ "$exists" = yes ]; then
        service_look_at_flags "$pushgateway_unit" "$starts"
        flags_file=$own_flags_file
        printf 'flags_file %s\n' "$flags_file"
    fi
    look_at_flags_file
    look_at_web_configs "${web_config:-}" "$pid" "$pushgateway_unit" "$flags_file"
    look_at_restrictions pushgateway "$pushgateway_unit" "$pid" "$is_service"
    look_at_restrictions prometheus "$prometheus_unit" "$prometheus_pid" "$prometheus_is_service"
    look_at_sockets
}

# Looks at the restrictions of a server. The environment of a process of no service may be of any size: it is not read.
#   $1 the server; $2 its unit; $3 its process; $4 yes or no: whether that is the unit's; nothing if there is no unit
look_at_restrictions() {
    case $4 in
    yes) service_look_at_hardening "$2" "$3" "$1" ;;
    no) service_look_at_hardening "$2" 0 "$1" ;;
    esac
}

# Prints the text of the file with the Pushgateway's flags. It may be in a directory of somebody, who may put a link to
# a file of root's there: then it is read as the user who can change its path, as whose.sh decides.
look_at_flags_file() {
    [ -f "$flags_file" ] && [ -r "$flags_file" ] || return 0
    case $flags_file in
    */../*) ;;
    /etc/default/* | /etc/sysconfig/* | /etc/systemd/system/*) print_base64 flags_text "$flags_file" && return ;;
    esac
    # shellcheck disable=SC2030 # print_as_reader uses it, in this subshell alone
    (
        reader=
        find_writer "$flags_file" && text=$(print_as_reader "$real" "$longest") && echo "flags_text $text"
    )
}

# Prints the id of the user of a process whose service names none: one of an init script. Not that of a process of no
# service: anybody may have started it, and files with secrets would be given to that user.
#   $1 the server
print_user() {
    [ "$found_pid" -gt 0 ] || return 0
    service_noted "$found_unit"
    case $is_service$user$starts in
    yes*/etc/init.d/*) ;;
    *) return 0 ;;
    esac
    while read -r field _ value _; do
        if [ "$field" = Uid: ]; then
            echo "user_of $1 $value"
            break
        fi
    done 2>/dev/null <"/proc/$found_pid/status"
}

# Prints what find_server found.   $1 the server
print_server() {
    echo "$1_service $found_unit"
    [ -z "$rivals" ] || print_text "rivals $1" "$rivals"
    [ "$is_service" = yes ] || [ "$found_pid" -eq 0 ] || {
        group_of_process=
        while read -r line; do
            # systemd's own hierarchy, if there are several.
            case $line in
            0::/) ;;
            0::*) group_of_process=$line ;;
            *) : "${group_of_process:=$line}" ;;
            esac
        done 2>/dev/null <"/proc/$found_pid/cgroup"
        print_text "process $1 $found_pid" "$group_of_process"
    }
}

# The sockets of both servers. A server that does not run has the pid 0, and no process has the id 0.
look_at_sockets() {
    [ "$pid" -gt 0 ] || [ "$prometheus_pid" -gt 0 ] || return
    # Safe: the patterns are numbers.
    find "/proc/$pid/fd" "/proc/$prometheus_pid/fd" -lname 'socket:*' \
        \( -path "/proc/$pid/*" -printf 'pushgateway_socket %l\n' -o -printf 'prometheus_socket %l\n' \) 2>/dev/null
}

# The listening TCP sockets in the kernel's notation: address, port and inode. State 0A is LISTEN. Also the ports to
# which another host has a connection, and the host's names and addresses. awk reads the tables, because a host may
# have thousands of connections, too many for the shell.
look_at_network() {
    set --
    for table in /etc/hosts /proc/sys/kernel/hostname /proc/net/fib_trie /proc/net/if_inet6 /proc/net/tcp /proc/net/tcp6; do
        [ ! -r "$table" ] || set -- "$@" "$table"
    done
    awk -v most="$MOST_LISTENERS" -v most_names="$MOST_NAMES" '
        FILENAME == "/etc/hosts" {
            sub(/#.*/, "")
            if (NF > 1 && ++hosts <= most_names) print "hosts", substr($0, 1, 1000)
            next
        }
        FILENAME == "/proc/sys/kernel/hostname" { print "hostname", $1; next }
        FILENAME == "/proc/net/if_inet6" { if (++ipv6 <= most_names) print "address", $1; next }
        FILENAME == "/proc/net/fib_trie" {
            if ($1 == "|--") address = $2
            else if ($2 == "host" && $3 == "LOCAL" && !(address in own) && ++ipv4 <= most_names) {
                own[address]
                print "address", address
            }
            next
        }
        $4 == "0A" {
            if (++n > most) { print "cut listeners"; exit }
            print "listen", $2, $10
            listens[port($2)]
            next
        }
        # Established, or closed a minute ago at most.
        $4 == "01" || $4 == "06" {
            here = $2
            there = $3
            sub(/:.*/, "", here)
            sub(/:.*/, "", there)
            if (here != there && there !~ /7F$/) used[port($2)]
        }
        END { for (each in used) if (each in listens) print "port_in_use", each }
        function port(socket) { sub(/.*:/, "", socket); return socket }' "$@" 2>/dev/null
}

# Succeeds if a value comes from the settings.   $1 its name
is_given() {
    case " ${given:-} " in
    *" $1 "*) return 0 ;;
    esac
    return 1
}

# shellcheck disable=SC2034 # look-at-lab.sh uses moved
look_at_flags_of_prometheus() {
    read_flags "$prometheus_pid"
    [ -z "$flag_storage" ] || print_text prometheus_storage "$flag_storage"
    # The default of upstream's program; that of Debian's is the usual path.
    if [ -z "$flag_config" ] && [ "$prometheus_is_service" = no ] && [ -f "/proc/$prometheus_pid/cwd/prometheus.yml" ]; then
        flag_config=prometheus.yml
    fi
    # The packages' program has a default of its own. Only somebody who sets another file needs it.
    # shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
    if [ -z "$flag_config" ] && is_given config_path && [ "/proc/$prometheus_pid/exe" -ef "$packaged_prometheus" ]; then
        flag_config=$packaged_config
    fi
    is_given prometheus_url && return
    [ -n "$flag_address$flag_prefix" ] || return
    find_url :9090
    [ "$url" != "$prometheus_url" ] || return
    moved=yes
    print_text url_found "$url"
    prometheus_url=$url
}

look_at_config() {
    find_running_config "$prometheus_pid" "$flag_config" "$config_path"
    if [ -z "$running_config" ]; then
        :
    elif ! is_given config_path; then
        config_path=$running_config
        print_text config_found "$running_config"
    elif command -v looks_at_running_config >/dev/null && looks_at_running_config; then
        config_path=$running_config
        print_text config_followed "$running_config"
    else
        print_text config_running "$running_config"
    fi
    [ -e "$config_path" ] || { look_whether_in_container; echo "config absent"; return; }
    [ -f "$config_path" ] || { echo "config special"; return; }
    follow "$config_path" || { echo "config unreadable"; return; }
    # Temporary files of a transaction (replace-config.sh) that was killed, and its note about closed directories.
    for leftover in "$closed_note" "${real%/*}/.${real##*/}.pushgateway-lab."* \
        "${flags_file%/*}/.${flags_file##*/}.pushgateway-lab."*; do
        [ -e "$leftover" ] && echo "config_leftover yes"
    done
    # The time is read before the text: a file that changes in between then gets an older time, and is reloaded.
    {
        read -r config_changed size _
        decide_writer
    } <<STATS
$(stat_all "$real" "$ways")
STATS
    is_number "$config_changed" || { echo "config unreadable"; return; }
    echo "config_changed $config_changed"
    echo "config_writer $writer"
    service_noted "$prometheus_unit"
    look_whether_apart
    find_reader "$prometheus_pid" "$user" "$group" "$exists"
    [ -z "$running_config" ] || look_at_namer
    [ -z "$obstacle" ] || print_text config_obstacle "$obstacle"
    [ "$size" -le "$longest" ] || { echo "config large"; return; }
    printf 'config_text '
    print_as_reader "$real" "$longest"
    config_read=$?
    echo
    [ "$config_read" -eq 0 ] && echo "config present" || echo "config unreadable"
}

# Prints why the running Prometheus may not see a change of the file: it has another file there, or this file alone
# was mounted for it. A unit with PrivateTmp has mounts of its own, too, but the same file.
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
look_whether_apart() {
    [ "$prometheus_pid" -gt 0 ] || return 0
    own=/proc/$prometheus_pid
    seen_as=$real
    # The package's unit mounts no files. A process in a container is of no service, though that unit may be there.
    service_noted "$prometheus_unit"
    case $prometheus_is_service$starts in
    yes*" \$ARGS "*) return 0 ;;
    esac
    if [ "$own/root" -ef / ] && [ "$own/ns/mnt" -ef /proc/self/ns/mnt ]; then return; fi
    # The file may have another name in a container.
    [ "$own/root" -ef / ] || [ -n "$running_config" ] || seen_as=$inside
    if [ -e "$real" ] && ! [ "$own/root$seen_as" -ef "$real" ]; then
        echo "config_apart other"
        return
    fi
    while read -r _ _ _ _ point _; do
        if [ "$point" = "$seen_as" ]; then
            echo "config_apart mounted"
            return
        fi
    done 2>/dev/null <"$own/mountinfo"
}

# Prints that the running Prometheus has a file which this host does not have.
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
look_whether_in_container() {
    [ "$prometheus_pid" -gt 0 ] || return 0
    if ! [ "/proc/$prometheus_pid/root" -ef / ] && [ -f "/proc/$prometheus_pid/root$inside" ]; then
        echo "config_apart other"
    fi
}

# Everybody can start a process that names a file of another user as its configuration, and the process of a service can
# change its own command line.
look_at_namer() {
    # shellcheck disable=SC2031 # that of find_reader
    case $reader in
    "" | "--reuid=$writer "*) return ;;
    esac
    if [ "$prometheus_is_service" = no ]; then
        obstacle="only process $prometheus_pid names it, which no service started, and whose user may not write there"
    elif ! service_names_config "$prometheus_unit" "$starts" "$flag_config"; then
        obstacle="only the command line of process $prometheus_pid names it, and not $prometheus_unit. If that is right, set prometheus_config_path to it"
    fi
}

# The loaded configuration and the targets are one line of JSON each, after the metrics. While Prometheus starts and
# reads its write-ahead log, it answers the second question with 503, as it answers /-/ready.
look_at_prometheus() {
    command -v curl >/dev/null || return
    # Anybody may have started a process of no service.
    receiver=$prometheus_pid
    [ "$prometheus_is_service" = yes ] || receiver=0
    guard_login "$prometheus_url" "$receiver" || echo "prometheus_password withheld"
    # look_further asks for the targets of all jobs.
    set --
    command -v look_further >/dev/null || set -- --url "$prometheus_url$targets_path"
    prometheus_said=$(
        {
            complaint=$(ask_prometheus --show-error --fail --fail-early --connect-timeout 2 --max-time 3 \
                --write-out '\nprometheus_answered %{http_code}\n' \
                --url "$prometheus_url/metrics" --url "$prometheus_url/api/v1/status/config" \
                "$@" 2>&1 >&4)
            [ -z "$complaint" ] ||
                printf '\nprometheus_complaint %s\n' "$(printf '%s' "$complaint" | head -c 2000 | base64 -w0)"
        } 4>&1 |
            head -c "$MOST_SAID" |
            sed -n -e '/^prometheus_config_last_reload_success/p' -e '/^prometheus_answered /p' \
                -e '/^prometheus_complaint /p' -e '/^prometheus_tsdb_lowest_timestamp_seconds /p' \
                -e 's/^{"status":"success","data":{"activeTargets"/prometheus_targets &/p' \
                -e 's/^{"status"/prometheus_config &/p'
    )
    printf '%s\n' "$prometheus_said"
    look_whether_tls_is_expected
    look_at_certificate
    look_at_all_targets
    case $prometheus_said in
    *prometheus_config*) ;;
    *) prometheus_said= ;;
    esac
}

# A server with TLS answers plain http with 400, and says why.
look_whether_tls_is_expected() {
    case $prometheus_url$prometheus_said in
    http://*"prometheus_answered 400"*) ;;
    *) return 0 ;;
    esac
    words=$(ask_server --max-time 2 --url "$prometheus_url/metrics" 2>/dev/null | head -c 100 | tr -d '\0')
    [ "$words" != "Client sent an HTTP request to an HTTPS server." ] || echo "prometheus_expects tls"
}

# The name and the dates of a certificate that curl did not accept. The question carries no password.
look_at_certificate() {
    case $prometheus_url$prometheus_said in
    https://*"prometheus_complaint "*) ;;
    *) return 0 ;;
    esac
    words=$(ask_server --insecure --verbose --head --max-time 2 --url "$prometheus_url/metrics" 2>&1 >/dev/null |
        sed -n -e 's/^\* *subject: */subject /p' -e 's/^\* *start date: */from /p' \
            -e 's/^\* *expire date: */until /p' | head -c 2000)
    [ -z "$words" ] || print_text prometheus_certificate "$words"
}

# If the job has no targets yet, another job may scrape the Pushgateway. Only bootstrap decides that.
look_at_all_targets() {
    case $prometheus_said in
    *'"activeTargets":[{'*) return ;;
    *"prometheus_config {"*) ;;
    *) return ;;
    esac
    if command -v look_further >/dev/null; then return; fi
    ask_prometheus --fail --connect-timeout 2 --max-time 2 --url "$prometheus_url${targets_path%%&*}" 2>/dev/null |
        head -c "$MOST_SAID" | sed -n 's/^{"status":"success","data":{"activeTargets"/prometheus_all_targets &/p'
    echo
}

# The notes of earlier runs: what the last proof of this host proved (facts/proof.py), and the targets that this
# toolkit has added to the job (facts/added.py).
look_at_notes() {
    note_in "$proof_note"
    [ -z "$note" ] || printf 'proven %s\n' "$note"
    note_in "$added_note"
    [ -z "$note" ] || printf 'added_targets %s\n' "$note"
}

# An active firewall, only if others are to reach the Pushgateway; and the ports that earlier runs opened.
look_at_firewall() {
    [ -z "${firewall_port:-}" ] || firewall_look "$firewall_port"
    # A line of somebody else would have root close another port.
    [ -f "$firewall_note" ] || return 0
    # A subshell, because whose.sh sets variables of the configuration file.
    (find_writer "$firewall_note" && [ "$hops.$writer.$obstacle$shared" = 0.0. ]) || return 0
    while read -r name port; do
        case $name.$port in
        ufw.*[!0-9]* | firewalld.*[!0-9]*) ;;
        ufw.?* | firewalld.?*) echo "opened_port $name $port" ;;
        esac
    done 2>/dev/null <"$firewall_note"
}

# The versions of the servers that this toolkit has installed from releases.
look_at_releases() {
    for release in $release_notes; do
        note_in "$release"
        [ -z "$note" ] || printf 'release %s %s\n' "${release##*/release-}" "$note"
    done
}

# The changes of flags that a killed run left unfinished. A line of somebody else would have root write a file.
look_at_unfinished() {
    for unfinished in $unfinished_notes; do
        [ -f "$unfinished" ] || continue
        (find_writer "$unfinished" && [ "$hops.$writer.$obstacle$shared" = 0.0. ]) || continue
        while read -r name value; do
            case $name in
            file | written | old | ran) echo "unfinished_flags ${unfinished##*-} $name $value" ;;
            esac
        done 2>/dev/null <"$unfinished"
        case $unfinished in
        *-prometheus) prometheus_flags_file=$prometheus_defaults ;;
        esac
    done
}

# The flags of Prometheus, only if they are to be changed; and whether this toolkit has installed its package, so that a
# setting changes them. Both files are root's.
look_at_own_prometheus() {
    if [ -n "${prometheus_flags_file:-}" ] && [ -f "$prometheus_flags_file" ]; then
        print_base64 prometheus_flags_text "$prometheus_flags_file"
    fi
    [ -f "$packages_note" ] || return 0
    while read -r name _; do
        [ "$name" != prometheus ] || echo "prometheus_note yes"
    done 2>/dev/null <"$packages_note"
}

note_in() {
    note=
    [ -f "$1" ] && read -r note _ 2>/dev/null <"$1"
}

printf '\n%s\n' "$mark"
echo "snapshot 5"
[ -z "${secrets_follow:-}" ] || read_secrets
echo "at rights"
look_at_rights
echo "uid $uid"
if [ "$uid" -eq 0 ]; then
    echo "at system"
    look_at_system
    look_at_own_files
    echo "at services"
    look_at_services
    look_for_promtool
    look_at_packages
    look_at_network
    look_at_flags_of_prometheus
    echo "at config"
    look_at_config
    echo "at prometheus"
    look_at_prometheus
    look_at_notes
    look_at_firewall
    look_at_releases
    look_at_unfinished
    look_at_own_prometheus
    if command -v look_further >/dev/null; then look_further; fi
else
    echo "user $(id -un)"
fi
echo "end"
exit 0
