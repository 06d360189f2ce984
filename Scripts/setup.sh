#!/bin/sh
# Checks for what the build needs and installs what is missing: as root with apt-get, and otherwise by printing the
# command. Quiet when nothing is missing.
set -eu

say() { printf '%s\n' "setup: $*" >&2; }

# The package needs Swift 6.3, with its formatter and test library, which come in the toolchain.
wanted_major=6
wanted_minor=3
if ! command -v swift >/dev/null 2>&1; then
    say "there is no swift on the PATH. Install Swift $wanted_major.$wanted_minor or later: https://www.swift.org/install/linux/"
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/p' | head -n 1)
major=${version% *}
minor=${version#* }
if [ -z "$version" ] || [ "$major" -lt "$wanted_major" ] ||
    { [ "$major" -eq "$wanted_major" ] && [ "$minor" -lt "$wanted_minor" ]; }; then
    found=${version:+$major.$minor}
    say "swift is ${found:-of an unknown version}; Swift $wanted_major.$wanted_minor or later is needed: https://www.swift.org/install/linux/"
    exit 1
fi

missing=
command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
if ! pkg-config --exists libevent libevent_pthreads 2>/dev/null; then
    # Without pkg-config the headers tell.
    if [ -n "$missing" ] && [ -e /usr/include/event2/event.h ]; then :; else missing="$missing libevent-dev"; fi
fi
[ -z "$missing" ] && exit 0

# shellcheck disable=SC2086
exec sh "$(dirname "$0")/install.sh" setup $missing
