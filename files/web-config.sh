#!/bin/sh
# A function that looks at the web configuration files of a Pushgateway. This file is put before the scripts that use it.
# Needs the functions of whose.sh and find-servers.sh.

MOST_WEB_CONFIGS=4       # files
LONGEST_WEB_CONFIG=65536 # bytes

# Prints a line "web_config WORD PATH" for each file that a flag --web.config.file names: in the settings, the command
# line of the process, the command of the service, or the file with its flags. PATH is the value of the flag, in base64.
# WORD is the authentication that the file asks for: users, certificates or none; replaceable, if another user than root can
# take it away. A file that cannot be read gets no line.
# On a host without this flag, no program is started.
#   $1 the file of the settings, or nothing; $2 process id or 0; $3 its service; $4 the file with its flags
look_at_web_configs() {
    web_configs=
    web_configs_left=$MOST_WEB_CONFIGS
    [ -z "$1" ] || add_web_config "$1"
    named=
    { IFS= read -r named || :; } 2>/dev/null <"/proc/$2/cmdline"
    case $named in
    *--web.config.file*) note_web_configs "$(tr '\0' '\n' 2>/dev/null <"/proc/$2/cmdline")" ;;
    esac
    service_noted "$3"
    # shellcheck disable=SC2154 # service_noted sets it
    note_web_configs "$starts"
    case $4 in
    */../*) ;;
    # Directories of root's alone.
    /etc/default/* | /etc/sysconfig/* | /etc/systemd/system/*)
        [ ! -f "$4" ] || while IFS= read -r line || [ -n "$line" ]; do
            note_web_configs "$line"
        done 2>/dev/null <"$4"
        ;;
    esac
    while IFS= read -r web_config; do
        [ -z "$web_config" ] || judge_web_config "$web_config" "$2"
    done <<FILES
$web_configs
FILES
}

# Adds the files that a text with flags names.   $1 the text
note_web_configs() {
    flags_left=$1
    while :; do
        case $flags_left in
        *--web.config.file[=\ "
"]*) flags_left=${flags_left#*--web.config.file} ;;
        *) return 0 ;;
        esac
        flags_left=${flags_left#?}
        case $flags_left in
        [\"\']*) flags_left=${flags_left#?} ;;
        esac
        add_web_config "${flags_left%%[\"\' "
"]*}"
    done
}

# Adds a file to web_configs, once.   $1 its path
add_web_config() {
    [ -n "$1" ] && [ "$web_configs_left" -gt 0 ] || return 0
    if is_line_of "$1" "$web_configs"; then return 0; fi
    web_configs_left=$((web_configs_left - 1))
    web_configs="$web_configs$1
"
}

# Prints the line of one file. It is read as the user of the Pushgateway, who has to read it, too; its content, with
# the digests of passwords, is not printed.   $1 its path; $2 process id or 0
# shellcheck disable=SC2154 # service_noted, follow and decide_writer set user, group, exists, real, ways and writer
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
judge_web_config() (
    file=$1
    case $file in
    /*) ;;
    *)
        [ "$2" -gt 0 ] || return 0
        file=$(readlink "/proc/$2/cwd")/$file
        ;;
    esac
    # A process in a container has other files.
    [ "$2" -eq 0 ] || [ "/proc/$2/root" -ef / ] || return 0
    find_reader "$2" "$user" "$group" "$exists"
    follow "$file" || return 0
    decide_writer <<STATS
$(stat_all "$real" "$ways")
STATS
    word=$(as_reader timeout -k 1 2 head -c "$LONGEST_WEB_CONFIG" -- "$real" </dev/null 2>/dev/null |
        head -c "$LONGEST_WEB_CONFIG" | asked_for)
    case $word in
    users | certificates) [ "$writer$obstacle$shared" = 0 ] || word=replaceable ;;
    esac
    [ -z "$word" ] || printf 'web_config %s %s\n' "$word" "$(printf '%s' "$1" | base64 -w0)"
)

# Prints the authentication that a web configuration file on standard input asks for; nothing if it is empty. Of the
# policies for client certificates, RequireAndVerifyClientCert alone is safe (docs/web-configuration.md of
# prometheus/exporter-toolkit), and only with authorities of its own: without them, Go takes those of the host.
# What is written in another way than by people and common tools counts as none.
asked_for() {
    awk '
        { sub(/\r$/, "") }
        /^(---|\.\.\.)([ \t]|$)/ { if (begun) exit; next } # of several documents, the first one counts
        /^[ \t]*(#|$)/ { next }
        { begun = 1 }
        /^[^ \t]/ {
            section = $0
            sub(/[ \t]*:.*/, "", section)
            gsub(/[\042\047]/, "", section)
            value = $0
            sub(/^[^:]*:/, "", value)
            if (section == "basic_auth_users" && value ~ /^[ \t]*\{[ \t]*[^ \t}:][^}:]*:[ \t]+[^ \t}]/) users = 1
            next
        }
        section == "basic_auth_users" && /^[ \t]+[^ \t:#][^:]*:[ \t]+[^ \t#]/ { users = 1 }
        section == "tls_server_config" {
            if (/^[ \t]+[\042\047]?client_auth_type[\042\047]?[ \t]*:[ \t]+[\042\047]?RequireAndVerifyClientCert[\042\047]?[ \t]*(#.*)?$/)
                verifies = 1
            if (/^[ \t]+[\042\047]?client_ca(_file)?[\042\047]?[ \t]*:[ \t]+[\042\047]?[^ \t#\042\047]/) authorities = 1
        }
        END { if (NR) print (users ? "users" : (verifies && authorities ? "certificates" : "none")) }'
}
