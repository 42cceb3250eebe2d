#!/bin/sh
# shellcheck disable=SC2015,SC2034,SC2154 # A && B || C is meant; variables of the look, of whose.sh and of a package manager
# Extends the look at a host (snapshot.sh) by what this toolkit has left there, for the uninstallation.
#
# Needs these shell variables, set before it: notes (the directory of the notes), packages_note, users_note, holds_note,
# enabled_note and removal_note (files in it), groups_files (files with pushed groups, a list of words), prometheus_flags (the file with Prometheus's flags), own_files and own_directories
# (paths, lists of words) and backups (the suffixes of backups, a list of words).
# Prints lines "remains PATH" (base64) and "groups_file PATH"; if the notes are root's alone, also the lines of the notes: "noted_package NAME
# HOW PURGE STATE", "noted_user KIND NAME", "noted_hold NAME WANT", "noted_enabled UNIT", "removal_began yes", "noted_flags LINE", "noted_prometheus_flags LINE"
# and "prometheus_flags_now TEXT" (base64).

# Prints a path if something has this name.   $1 the path
remains() { if [ -e "$1" ] || [ -L "$1" ]; then print_text remains "$1"; fi; }

look_further() {
    echo "at remains"
    config_file=$config_path
    find_writer "$config_path" || real=$config_path
    # A link that others can change may lead to a backup of somebody else.
    whose=$writer.$obstacle.$shared
    if [ "$real" != "$config_path" ] && find_writer "$real" && [ "$writer.$obstacle.$shared" = "$whose" ]; then
        config_file=$real
    fi
    for suffix in $backups; do
        remains "$config_file.$suffix"
        # A Prometheus that does not run does not tell that the settings name another file.
        [ "$config_file" = "$packaged_config" ] || remains "$packaged_config.$suffix"
        remains "$flags_file.$suffix"
    done
    for directory in $own_directories; do
        # Somebody's files in it stay, and so does it.
        [ -d "$directory" ] && [ -z "$(ls -A -- "$directory")" ] && remains "$directory"
    done
    for file in $own_files "$notes" /etc/systemd/system/*.d/pushgateway-lab.conf /etc/systemd/system/*.d/pushgateway-lab-hardening.conf \
        /run/systemd/system/*.d/pushgateway-lab-hold.conf; do
        remains "$file"
    done
    for file in $groups_files; do
        [ ! -s "$file" ] || echo "groups_file $file"
    done
    if grep -q '^# of pushgateway-lab,' /usr/sbin/policy-rc.d 2>/dev/null; then remains /usr/sbin/policy-rc.d; fi
    # Those of an earlier version, which did not note them.
    # shellcheck disable=SC2086 # a list of words
    [ -f "$packages_note" ] || package_look $packages
    [ -d "$notes" ] || return 0
    find_writer "$notes/." && [ "$hops.$writer.$obstacle$shared" = 0.0. ] &&
        [ -z "$(find "$notes" \( ! -type d ! -type f -o ! -user 0 -o -perm /022 \) -print -quit 2>&1)" ] || {
        echo "notes_unsafe yes"
        return 0
    }
    # The states in one question: dpkg-query takes long to start.
    if [ -f "$packages_note" ]; then
        echo "has_packages_note yes"
        while read -r name how; do echo "noted_package $name $how"; done <"$packages_note"
        # shellcheck disable=SC2046 # a list of words
        set -- $(while read -r name _; do case $name in [a-z0-9]*) echo "$name" ;; esac; done <"$packages_note")
        [ $# -eq 0 ] || dpkg-query -W -f='package_state ${Package} ${db:Status-Status}\n' -- "$@" 2>/dev/null
    fi
    if [ -f "$users_note" ]; then
        while read -r kind name; do
            case $kind in
            user) getent passwd "$name" >/dev/null && echo "noted_user user $name" ;;
            group) getent group "$name" >/dev/null && echo "noted_user group $name" ;;
            esac
        done <"$users_note"
    fi
    if [ -f "$holds_note" ]; then
        while read -r name; do
            case $name in
            [a-z0-9]*) dpkg-query -W -f='noted_hold ${Package} ${db:Status-Want}\n' -- "$name" 2>/dev/null ;;
            esac
        done <"$holds_note"
    fi
    if [ -f "$enabled_note" ] && read -r name <"$enabled_note"; then echo "noted_enabled $name"; fi
    [ ! -f "$removal_note" ] || echo "removal_began yes"
    print_flags_note noted_flags "$flags_file"
    if print_flags_note noted_prometheus_flags "$prometheus_flags" && [ -f "$prometheus_flags" ]; then
        print_base64 prometheus_flags_now "$prometheus_flags"
    fi
}

# Prints the lines of the note about a file with flags; fails if there is none.   $1 the name of the lines; $2 the file
print_flags_note() {
    digest=$(printf '%s' "$2" | sha256sum)
    flags_note=$notes/flags-$(printf '%.16s' "$digest")
    [ -f "$flags_note" ] || return 1
    while IFS= read -r line; do printf '%s %s\n' "$1" "$line"; done <"$flags_note"
}
