#!/bin/sh
# Builds the guest's unit tests with the sanitizers on and runs them. The exit status tells.
set -eu
tests=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sources=$tests/../../src/guest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# check NAME SOURCE...: builds NAME_test.c with the parts it is about, and runs it.
check() {
    name=$1
    shift
    (cd "$sources/init" && "${CC:-cc}" -std=c11 -g -O1 -Wall -Wextra -Werror \
        -fsanitize=address,undefined -fno-sanitize-recover=all -I . "$tests/${name}_test.c" "$@" -o "$work/${name}_test")
    "$work/${name}_test"
}

check config config.c words.c
check lines lines.c
check user user.c words.c
check agent agent.c requests.c frame.c link.c exec.c spawn.c launch.c user.c paths.c hook.c attach.c processes.c \
    config.c words.c
