#!/bin/sh
# Notes what an installation by apt is about to add to a host, for the uninstallation; or, after one that failed, takes
# out of these notes what was not added.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the file
# for packages, in a directory of root's), users_note (the file for users), packages (a list of words, NAME or NAME=VERSION; empty:
# after an installation that failed) and users (the users and groups that these packages make, a list of words).
# A line of the first note is "NAME asked|came purge|remove": asked for, or came with another package; "remove" keeps
# the configuration files, which were there before the package. A line of the second is "user NAME" or "group NAME".
# Needs the functions of notes.sh.
# apt is only asked what it would do. The notes are written before it does it: so they are complete if the run is killed.

: "${mark:?}" "${note:?}" "${users_note:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C
umask 077

state_of() { dpkg-query -W -f='${db:Status-Status}\n' -- "$1" 2>/dev/null; }

begin_note "$note"
if [ -z "${packages:-}" ]; then
    noted "$note" | while read -r name how; do
        case $(state_of "$name") in
        "" | not-installed | config-files) ;;
        *) echo "$name $how" ;;
        esac
    done | write_note "$note" || exit 1
    # A user that somebody makes after this installation is not ours.
    noted "$users_note" | while read -r kind name; do
        case $kind in
        user) getent passwd "$name" >/dev/null && echo "$kind $name" ;;
        group) getent group "$name" >/dev/null && echo "$kind $name" ;;
        esac
    done | write_note "$users_note"
    exit
fi
# shellcheck disable=SC2086 # a list of words
said=$(apt-get -s -q -o APT::Get::Show-User-Simulation-Note=no --allow-downgrades --allow-change-held-packages \
    --no-install-recommends install $packages 2>&1) || {
    # The installation itself reports the error of apt, and adds nothing.
    exit 0
}
{
    noted "$note"
    # A package that is upgraded has its old version in brackets: it was there before.
    printf '%s\n' "$said" | while read -r word name version _; do
        case $word.$version in
        Inst.\[*) continue ;;
        Inst.*) ;;
        *) continue ;;
        esac
        name=${name%%:*}
        how=came
        for each in $packages; do [ "${each%%=*}" != "$name" ] || how=asked; done
        case $(state_of "$name") in
        config-files) echo "$name $how remove" ;;
        *) echo "$name $how purge" ;;
        esac
    done
} | awk '!($1 in seen) { seen[$1]; print }' | write_note "$note" || exit 1
{
    noted "$users_note"
    for each in ${users:-}; do
        getent passwd "$each" >/dev/null || echo "user $each"
        getent group "$each" >/dev/null || echo "group $each"
    done
} | sort -u | write_note "$users_note"
