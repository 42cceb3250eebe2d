#!/bin/sh
# shellcheck disable=SC2154 # whose.sh sets the variables
# Prints those of some packages that can be removed without another package: lines "goes NAME". Removes nothing.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), packages, came and
# kept (lists of words: packages, those of them that came with another one, and those whose configuration files stay).
# Needs the functions of whose.sh and of a package manager.
# A package that came with another one, and that somebody has since marked as wanted (apt-mark manual), is not printed.
# Further lines "unsafe DIRECTORY": others than root can change this directory, in which a configuration file would be
# deleted. dpkg follows a symbolic link in the place of such a file, and deletes what it leads to.

: "${mark:?}" "${packages:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C

# Succeeds if apt would remove only packages of the list, and install none.   $@ the packages
are_removable() {
    # What nobody needs any more before the removal is not ours.
    said=$(apt-get -s -q -o APT::Get::Show-User-Simulation-Note=no -o APT::Get::AutomaticRemove=no \
        --allow-change-held-packages purge "$@" 2>&1) || {
        problem=$said
        return 1
    }
    problem=
    while read -r word name _; do
        case $word in
        Inst) return 1 ;;
        Remv | Purg) ;;
        *) continue ;;
        esac
        case " $all " in
        *" ${name%%:*} "*) ;;
        *) return 1 ;;
        esac
    done <<SAID
$said
SAID
}

# Prints the result.   $@ the packages that can go
print_going() {
    [ $# -gt 0 ] || return 0
    printf 'goes %s\n' "$@"
    for each in ${kept:-}; do
        # Their configuration files are not deleted.
        for other in "$@"; do
            shift
            [ "$other" = "$each" ] || set -- "$@" "$other"
        done
    done
    [ $# -gt 0 ] || return 0
    package_config_files "$@" | sed 's,/[^/]*$,,' | sort -u | while IFS= read -r place; do
        # A directory that does not exist can be made by those who can change the one above it.
        while [ -n "$place" ] && ! [ -e "$place" ] && ! [ -L "$place" ]; do place=${place%/*}; done
        find_writer "$place/." && [ "$writer.$obstacle$shared" = 0. ] || printf 'unsafe %s\n' "$place"
    done
}

wanted=
if [ -n "${came:-}" ]; then
    # shellcheck disable=SC2086 # a list of words
    wanted=$(apt-mark showmanual $came 2>/dev/null | tr '\n' ' ')
fi
all=
for each in $packages; do
    case " $wanted " in
    *" $each "*) ;;
    *) all="$all$each " ;;
    esac
done
[ -n "$all" ] || exit 0
# shellcheck disable=SC2086 # a list of words
if are_removable $all; then
    print_going $all
    exit 0
fi
if [ -n "$problem" ]; then
    printf '%s\n' "$problem" | tail -n 5
    exit 1
fi
# Somebody's package needs some of them: these stay, and what they need.
chosen=
for each in $all; do
    case " $chosen " in
    *" $each "*) continue ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    are_removable $chosen "$each" || continue
    chosen=$(printf '%s\n' "$said" | awk '$1 == "Remv" || $1 == "Purg" { sub(/:.*/, "", $2); printf "%s ", $2 }')
done
# shellcheck disable=SC2086 # a list of words
print_going $chosen
