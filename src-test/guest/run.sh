#!/bin/sh
# Builds the guest's unit tests with the sanitizers on and runs them. The exit status tells.
set -eu
tests=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sources=$tests/../../src/guest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

"${CC:-cc}" -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
    -I "$sources/init" "$tests/config_test.c" "$sources/init/config.c" -o "$work/config_test"
"$work/config_test"
