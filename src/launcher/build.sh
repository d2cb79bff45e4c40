#!/bin/sh
# Builds the launcher, one static program, unless OUT is newer than everything it is made from.
#
#   build.sh OUT
set -eu
source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$1

[ -f "$out" ] && [ -z "$(find "$source" -newer "$out")" ] && exit
mkdir -p "$(dirname -- "$out")"
trap 'rm -f "$out.$$"' EXIT
"${CC:-cc}" -std=c11 -Os -static -s -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
    -ffunction-sections -fdata-sections -Wl,--gc-sections "$source"/*.c -o "$out.$$"
mv -f "$out.$$" "$out"
