#!/bin/sh
# Installs Debian packages: as root with apt-get, and otherwise by printing the command.
#
#   sh Scripts/install.sh WHO PACKAGE…     WHO begins each line that is said
set -eu

who=$1
shift
say() { printf '%s\n' "$who: $*" >&2; }

install="apt-get install -y --no-install-recommends $*"
if [ "$(id -u)" -ne 0 ]; then
    say "missing: $*. Run: sudo apt-get update && sudo $install"
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    say "missing: $*. Install the equivalent of these Debian packages with this system's package manager."
    exit 1
fi
say "installing $*"
export DEBIAN_FRONTEND=noninteractive
# The lists may be there already; when they are not, or are old, they are fetched once.
if ! $install >/dev/null 2>&1; then
    apt-get update >&2 || say "apt-get update failed; trying with the lists that are there"
    $install >&2 || {
        say "could not install $*. Run: apt-get update && $install"
        exit 1
    }
fi
say "installed $*"
