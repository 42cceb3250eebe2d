#!/bin/sh
# A function that finds the configuration file that Prometheus reads. This file is put before the scripts that use
# it. Needs the functions of whose.sh.

# Sets running_config to the configuration file that the command line of a running Prometheus names, if that is
# another file than a given one; else to the empty string. Two names of one file are the same file. So are a name here
# and one in a container of the process. Sets inside to the path by which the process has the file.
#   $1 process id; $2 the value of its flag --config.file, empty without the flag; $3 the given path
# shellcheck disable=SC2034 # the callers use inside
# shellcheck disable=SC3013 # every sh of Debian and Ubuntu has -ef
find_running_config() {
    running_config=
    inside=$3
    [ -n "$2" ] && [ "$2" != "$3" ] || return 0
    real=$3
    follow "$3"
    named=$real
    running_config=$2
    # Relative to the directory of the process.
    [ "${2#/}" != "$2" ] || running_config=$(readlink "/proc/$1/cwd")/$2
    inside=$running_config
    if ! [ "/proc/$1/root" -ef / ] && [ "/proc/$1/root$running_config" -ef "$named" ]; then
        running_config=''
        real=''
        return
    fi
    real=$running_config
    follow "$running_config"
    case $running_config in
    # No setting may have this form of a path.
    *//* | */./* | */../*) running_config=$real ;;
    esac
    [ "$real" != "$named" ] || { running_config='' && inside=$named; }
    real=
}

# Succeeds if a command, or a file of root's, has the flag --config.file with a value. The value is a word, which a quote,
# a blank or the end of the line ends.   $1 the command; $2 the value; $@ the files
# shellcheck disable=SC3067 # every sh of Debian and Ubuntu has -O
names_config() {
    wanted=$2
    { printf '%s\n' "$1" && shift 2 && for file in "$@"; do
        if [ -f "$file" ] && [ -O "$file" ]; then cat -- "$file"; fi
    done; } 2>/dev/null | wanted=$wanted awk '
        BEGIN { value = ENVIRON["wanted"] }
        {
            gsub(/config\.file /, "config.file=")
            gsub(/config\.file=["\047]/, "config.file=")
            line = $0
            while (at = index(line, "config.file=" value)) {
                after = substr(line, at + length("config.file=" value), 1)
                if (after == "" || index(" \t\"\047\\;", after)) { found = 1; exit }
                line = substr(line, at + 1)
            }
        }
        END { exit !found }'
}
