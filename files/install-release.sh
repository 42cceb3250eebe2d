#!/bin/sh
# Installs the programs of a release, or puts the previous ones back.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), action
# (install, restore, settle or remove), name (of the service, of its user and of its main program), programs (their names, with
# blanks between), note (the file for the version) and version; and to install: digest (the SHA-256 of the archive),
# digests (of the programs, in their order; empty if they are not known), directory (the one in the archive), largest and
# largest_program (bytes of an archive and of a program, at most), seconds (for the download; empty: the archive is
# sent), unit_text, flags_text, config (the configuration file, or nothing) and config_text.
# Reads from standard input, as base64, the archive, whose content was checked before; or the configuration of curl with
# which this host downloads it. The note has the version, and in its second line "user", "config", "etc" (the
# directory /etc/NAME) and "flags", as they were made for it. Needs the functions of a service manager and of remove-users.sh.
# remove prints the users that stay: lines "KIND NAME: REASON".
# curl, tar and each new program run as a user without rights, and what they print is written by root: so no name in an
# archive becomes a file, and no server writes one.
#
# install: nothing is replaced unless all programs are complete and start. A program is replaced by a rename, so a
# process that runs keeps its own. The old one stays in $previous until settle or restore; so long, the note says
# "unfinished".
# Exits with 1 and prints the reason if the installation fails; then nothing was changed.

: "${mark:?}" "${action:?}" "${name:?}" "${programs:?}" "${note:?}" "${version:?}"
: "${largest:=0}" "${largest_program:=0}" "${seconds=}" "${digest=}" "${digests=}" "${directory=}" "${unit_text=}" "${flags_text=}" "${config=}" "${config_text=}"
user=$name
printf '\n%s\n' "$mark"
exec 2>&1
export LC_ALL=C
umask 022
bin=/usr/local/bin
unit=/etc/systemd/system/$name.service
flags=/etc/default/$name
home=/usr/local/lib/pushgateway-lab
previous=$home/previous-$name

fail() {
    # The rest of the archive is read first: a sender whose channel is closed would report only that.
    cat >/dev/null
    printf '%s\n' "$1"
    exit 1
}

# Succeeds if root alone can write in a directory.   $1 the directory
is_safe() {
    [ -d "$1" ] && [ ! -L "$1" ] && [ -z "$(find "$1" -maxdepth 0 \( ! -user root -o -perm /022 \))" ]
}

# Makes a directory of root's, and fails if it is somebody else's.
own_directory() {
    [ -d "$1" ] || mkdir -p -- "$1" || fail "$1 cannot be made"
    is_safe "$1" || fail "$1 can be written by others than root, so nothing is put there"
}

# Runs a program as a user without rights.   $@ the program and its arguments
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs -- "$@"; }

# Writes what a program prints to a file, as far as a limit. Sets said to its complaints; fails if it did not succeed, or
# printed more.   $1 the file; $2 bytes; $@ the program and its arguments
store() {
    to=$1 most=$2
    shift 2
    said=$({ { "$@" 2>&3 && echo complete >&3; } | head -c "$most" >"$to" 2>&3; } 3>&1) || return 1
    case $said in
    *complete) said=${said%complete} && return 0 ;;
    esac
    return 1
}

# curl, with its configuration on standard input as base64. -q must come first: otherwise a ~/.curlrc counts.
download() {
    base64 -d | as_nobody timeout -k 1 "$((seconds + 5))" curl -q --silent --show-error --fail --globoff --location --max-redirs 5 \
        --proto =http,https --connect-timeout 10 --speed-time 10 --speed-limit 1 --max-time "$seconds" \
        --max-filesize "$largest" --config -
}

# Gets the archive, and checks its digest.
receive() {
    if [ -z "$seconds" ]; then
        words=$(base64 -d 2>&1 >"$staging/archive") || fail "the archive did not arrive in $home: $words"
        [ "$(digest_of archive)" = "$digest" ] ||
            fail "the archive did not arrive in $home as it was sent: is there space left on the device? (df $home)"
        return
    fi
    store "$staging/archive" "$largest" download ||
        fail "the archive could not be downloaded to $home (at most $largest bytes in $seconds s): $said"
    found=$(digest_of archive)
    [ "$found" = "$digest" ] || fail "the archive has the SHA-256 digest $found, and should have $digest"
}

digest_of() { sha256sum <"$staging/$1" | cut -d ' ' -f 1; }

take_from_archive() { as_nobody timeout -k 1 300 tar -xzO -f - -- "$directory/$1" <"$staging/archive"; }

unpack() {
    staging=$(mktemp -d "$home/new.XXXXXXXX") || fail "no directory could be made in $home"
    trap 'rm -rf -- "$staging"' EXIT
    receive
    # shellcheck disable=SC2086 # a list of words
    set -- $digests
    for program in $programs; do
        store "$staging/$program" "$largest_program" take_from_archive "$program" ||
            fail "$program could not be unpacked in $home: $said"
        [ -z "$digests" ] || [ "$(digest_of "$program")" = "$1" ] || fail "$program is not the one that was checked"
        [ $# -eq 0 ] || shift
        # timeout would run a file of another kind as a shell script, and an empty one succeeds.
        [ "$(head -c 4 "$staging/$program" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] ||
            fail "$program in the archive is not a program"
        chmod 755 "$staging/$program"
    done
    rm -f -- "$staging/archive"
}

# Each program has to start, as a user without rights, before it replaces another one.
try_programs() {
    chmod 711 "$staging"
    for program in $programs; do
        words=$(as_nobody timeout -k 1 20 "$staging/$program" --version 2>&1) ||
            fail "$program does not start on this host: $(printf '%s' "$words" | head -c 500)"
    done
    chmod 700 "$staging"
}

make_user() {
    getent group "$user" >/dev/null || groupadd --system "$user" || fail "the group $user cannot be made"
    if ! getent passwd "$user" >/dev/null; then
        useradd --system --gid "$user" --no-create-home --home-dir "/var/lib/$name" --shell /usr/sbin/nologin "$user" ||
            fail "the user $user cannot be made"
        made="$made user"
    fi
}

# Writes a file in one step.   $1 its path; $2 its text
put() {
    if printf '%s' "$2" >"$1.pushgateway-lab" && chmod 644 "$1.pushgateway-lab" && mv -fT -- "$1.pushgateway-lab" "$1"; then
        return
    fi
    rm -f -- "$1.pushgateway-lab"
    fail "$1 could not be written"
}

install() {
    for place in "$bin" /etc/systemd/system /etc/default /var/lib/pushgateway-lab "$home"; do
        own_directory "$place"
    done
    # A file is written there: in a directory of somebody else, its name may be a link of theirs.
    [ -z "$config" ] || [ -e "$config" ] || own_directory "${config%/*}"
    made=$(sed -n 2p "$note" 2>/dev/null)
    unpack
    try_programs
    make_user
    if [ -n "$config" ] && [ ! -e "$config" ]; then
        put "$config" "$config_text"
        made="$made config"
    fi
    if [ ! -e "/etc/$name" ]; then
        mkdir -m 755 -- "/etc/$name" || fail "/etc/$name cannot be made"
        made="$made etc"
    fi
    if [ ! -e "$flags" ]; then
        put "$flags" "$flags_text"
        made="$made flags"
    fi
    put "$unit" "$unit_text"
    keep_previous
    for program in $programs; do
        cp -- "$staging/$program" "$bin/.$program.pushgateway-lab" || {
            rm -f -- "$bin/.$program.pushgateway-lab"
            fail "$bin/$program could not be written"
        }
    done
    write_note unfinished
    for program in $programs; do
        mv -fT -- "$bin/.$program.pushgateway-lab" "$bin/$program" || fail "$bin/$program could not be replaced"
    done
    give_contexts
    service_reload_all
}

# Gives the new files the contexts of SELinux's policy, where the host has it.
give_contexts() {
    command -v restorecon >/dev/null || return 0
    set -- "$unit" "$flags" "/etc/$name"
    for program in $programs; do set -- "$@" "$bin/$program"; done
    restorecon -- "$@" 2>/dev/null || :
}

# Keeps the programs that were there. Those that a killed run has kept stay: what is in place now did not come up yet.
keep_previous() {
    [ ! -d "$previous" ] || return 0
    rm -rf -- "$previous.new"
    mkdir -m 700 -- "$previous.new" || fail "$previous cannot be made"
    for program in $programs; do
        [ ! -e "$bin/$program" ] || ln -- "$bin/$program" "$previous.new/" || fail "$previous cannot be written"
    done
    [ ! -e "$note" ] || cp -- "$note" "$previous.new/note" || fail "$previous cannot be written"
    mv -T -- "$previous.new" "$previous"
}

# Notes a version, and what was made for the release.   $1 the version
write_note() {
    if printf '%s\n' "$1" "${made:-}" >"$note.new" && mv -f -- "$note.new" "$note"; then return; fi
    fail "$note could not be written"
}

settle() {
    made=$(sed -n 2p "$note" 2>/dev/null)
    write_note "$version"
    rm -rf -- "$previous"
}

restore() {
    [ -e "$previous/${programs%% *}" ] || fail "there is no previous program in $previous"
    for program in $programs; do
        [ ! -e "$previous/$program" ] || mv -fT -- "$previous/$program" "$bin/$program" || fail "$bin/$program could not be replaced"
    done
    if [ -e "$previous/note" ]; then mv -f -- "$previous/note" "$note"; else rm -f -- "$note"; fi
    rm -rf -- "$previous"
}

# Removes the release and all that was made for it; a configuration that somebody has changed since stays.
remove() {
    made=$(sed -n 2p "$note" 2>/dev/null)
    service_stop "$name.service"
    service_disable "$name.service"
    for program in $programs; do rm -f -- "$bin/$program" "$bin/.$program.pushgateway-lab"; done
    rm -rf -- "$unit" "$previous" "$previous.new" "/var/lib/$name"
    case " $made " in
    *" flags "*) rm -f -- "$flags" ;;
    esac
    case " $made " in
    *" config "*) remove_config ;;
    esac
    case " $made " in
    *" etc "*) rmdir -- "/etc/$name" 2>/dev/null ;;
    esac
    service_reload_all
    case " $made " in
    *" user "*)
        # shellcheck disable=SC2034 # remove_users uses both
        users="user $user
group $user" needed=
        remove_users
        ;;
    esac
    rm -f -- "$note"
}

remove_config() {
    if [ -L "$config" ] || [ ! -f "$config" ]; then return 0; fi
    [ "$(printf '%s' "$config_text" | sha256sum)" = "$(sha256sum <"$config")" ] || return 0
    rm -f -- "$config"
    rmdir -- "${config%/*}" 2>/dev/null
}

case $action in
install) install ;;
restore) restore ;;
settle) settle ;;
remove) remove ;;
esac
