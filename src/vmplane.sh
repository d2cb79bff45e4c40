#!/bin/sh
# What target/vmplane begins with; behind it is the jar, which Java reads from its end. So the program is one file that runs
# from wherever it is copied to.
#
# Commands that only ask a server live for a moment: they start quicker with the simple collector and without the compiler
# that works long for fast code.
case "${1-}" in
serve | simulator) flags= ;;
*) flags='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' ;;
esac
# shellcheck disable=SC2086 # several words
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" $flags -jar "$0" "$@"
