#!/bin/sh
# The peers of `make bench` in an environment of their own: tsfresh wants other versions of NumPy than we ship.
set -eu
cd "$(dirname "$0")/.."
lock=packaging/requirements-bench.lock
stamp=.venv-bench/.installed
hash=$(.venv/bin/python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$lock")
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ] && exit 0
echo "huoma: building the environment of the benchmarks' peers (.venv-bench)" >&2
.venv/bin/python -m venv --clear .venv-bench
.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$lock"
echo "$hash" > "$stamp"
