#!/bin/sh
# Prints those of some packages that can be removed without another package, one a line. Removes nothing.
#
# Needs these shell variables, set before the script: mark (a random line, printed before the answer), packages and
# came (lists of words: packages, and those of them that came with another one).
# A package that came with another one, and that somebody has since marked as wanted (apt-mark manual), is not printed.

: "${mark:?}" "${packages:?}"
printf '\n%s\n' "$mark"
export LC_ALL=C

# Succeeds if apt would remove only packages of the list, and install none.   $@ the packages
are_removable() {
    said=$(apt-get -s -q -o APT::Get::Show-User-Simulation-Note=no --allow-change-held-packages purge "$@" 2>&1) || {
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
    printf '%s\n' $all
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
[ -z "$chosen" ] || printf '%s\n' $chosen
