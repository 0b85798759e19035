#!/bin/sh
# Builds .venv from a lock file, and nothing else. Usage: packaging/env.sh run|test
# Only hashes named in the lock are accepted, only wheels are installed: no compiler is needed on the machine.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}

say() { printf 'huoma: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

python=${HUOMA_PYTHON:-}
if [ -z "$python" ]; then
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            python=$name
            break
        fi
    done
fi
[ -n "$python" ] || stop "Python 3.11 or newer is missing. Install it (Debian 12, Ubuntu 24.04: apt-get install python3) and run this again."

case $want in
    run) lock=packaging/requirements.lock ;;
    test) lock=packaging/requirements-dev.lock ;;
    *) stop "usage: packaging/env.sh run|test" ;;
esac

# A stamp names what is installed: the lock's hash and the interpreter. The test environment serves `run` too.
state() { "$python" -c 'import hashlib, sys; print(sys.version_info[:2], hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"; }
[ -f .venv/.installed-test ] && [ "$(cat .venv/.installed-test)" = "$(state packaging/requirements-dev.lock)" ] && exit 0
[ "$want" = run ] && [ -f .venv/.installed-run ] && [ "$(cat .venv/.installed-run)" = "$(state "$lock")" ] && exit 0

# Debian's Python comes without ensurepip: `python3 -m venv` then fails half-way.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if may_install; then
        say "installing $package (Python's venv module is not on this machine)"
        as_root apt-get update -q >/dev/null || stop "apt-get update failed: see above"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package" >/dev/null ||
            stop "could not install $package: run 'apt-get install $package' yourself and try again"
    else
        stop "Python's venv module is missing. Run: sudo apt-get install $package"
    fi
fi

say "building the environment .venv ($want)"
rm -f .venv/.installed-run .venv/.installed-test
"$python" -m venv --clear .venv
# The lock names everything, dependencies of dependencies too.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r "$lock" ||
    stop "could not install the locked packages: see the lines above (no network, or a package index that does not have them?)"
# The project itself, as a link to this folder; its build backend is in the lock, so nothing unpinned is fetched.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . ||
    stop "could not install the project into .venv: see the lines above"
state "$lock" > ".venv/.installed-$want"
