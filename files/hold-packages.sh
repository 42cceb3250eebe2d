#!/bin/sh
# Holds packages: apt does not change their versions any more.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the file
# for the names, in a directory of root's) and packages (their names, a list of words). Needs the functions of notes.sh.
# A package that somebody else has held is not noted, so the uninstallation leaves it held. The note is written first:
# a run that is killed has noted too much, never too little.

: "${mark:?}" "${note:?}" "${packages:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C
umask 077
begin_note "$note"
new=
for package in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Want}' -- "$package" 2>/dev/null)" = hold ] || new="$new $package"
done
[ -n "$new" ] || exit 0
{
    noted "$note"
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' $new
} | sort -u | write_note "$note" || exit 1
# shellcheck disable=SC2086 # a list of words
said=$(apt-mark hold $new 2>&1) || {
    printf '%s\n' "$said"
    exit 1
}
