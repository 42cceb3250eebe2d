#!/bin/sh
# Notes the start time of the course. Needs the shell variable course (the file), set before the script.
#
# The time is the next whole second, because the samples of this second belong to earlier work.

: "${course:?}"
mkdir -p "${course%/*}" &&
    printf '%s\n' "$(($(date +%s) + 1))" >"$course.new" &&
    mv -f -- "$course.new" "$course"
