#!/bin/sh
# Holds packages: apt does not change their versions any more.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), note (the file
# for the names, in a directory of root's) and packages (their names, a list of words). Needs the functions of whose.sh and of
# close-directory.sh.
# A package that somebody else has held is not noted, so the uninstallation leaves it held. The note is written first:
# a run that is killed has noted too much, never too little.

: "${mark:?}" "${note:?}" "${packages:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C
umask 077
is_root_s_alone "$note" || {
    echo "${note%/*} does not belong to root alone"
    exit 1
}
(umask 022 && mkdir -p -- "${note%/*}") || exit 1
new=
for package in $packages; do
    [ "$(dpkg-query -W -f='${db:Status-Want}' -- "$package" 2>/dev/null)" = hold ] || new="$new $package"
done
[ -n "$new" ] || exit 0
{
    if [ -f "$note" ]; then cat -- "$note"; fi
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' $new
} | sort -u >"$note.new" && sync -- "$note.new" && mv -fT -- "$note.new" "$note" || exit 1
# shellcheck disable=SC2086 # a list of words
said=$(apt-mark hold $new 2>&1) || {
    printf '%s\n' "$said"
    exit 1
}
