#!/bin/sh
# Builds the launcher's unit tests, and the launcher, with the sanitizers on and runs them. The exit status tells.
set -eu
tests=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sources=$tests/../../src/launcher
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

compile() {
    out=$1
    shift
    "${CC:-cc}" -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
        -I "$sources" "$@" -o "$work/$out"
}

compile launcher_test "$tests/launcher_test.c" "$sources/frame.c" "$sources/proc.c" "$sources/output.c"
compile noise_test "$tests/noise_test.c" "$sources/frame.c"
compile launcher "$sources"/*.c
"$work/launcher_test"
# What the launcher complains about is what it is told; should it fail, that is the last of it.
"$work/noise_test" "$work/launcher" 2>"$work/log" || {
    tail -n 40 "$work/log"
    exit 1
}
