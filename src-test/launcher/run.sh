#!/bin/sh
# Builds the launcher's unit tests with the sanitizers on and runs them. The exit status tells.
set -eu
tests=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sources=$tests/../../src/launcher
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

"${CC:-cc}" -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
    -I "$sources" "$tests/launcher_test.c" "$sources/frame.c" "$sources/proc.c" "$sources/output.c" -o "$work/launcher_test"
"$work/launcher_test"
