#!/bin/sh
# Runs nvcc; what it says while it compiles an object is kept as <object>.ptxas, and shown where it fails.
object=
previous=
for word in "$@"; do
  [ "$previous" = -o ] && object=$word
  previous=$word
done
said=$("$@" 2>&1)
status=$?
[ $status -eq 0 ] && [ -n "$object" ] && printf '%s\n' "$said" >"$object.ptxas"
[ $status -ne 0 ] && printf '%s\n' "$said" >&2
exit $status
