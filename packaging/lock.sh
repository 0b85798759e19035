#!/bin/sh
# Resolves pyproject.toml into the two lock files. Needs `uv` (any recent one) on PATH; everybody else needs only pip.
set -eu
cd "$(dirname "$0")/.."
flags="-q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links"
# The build backend is locked too: the editable install then needs no isolated, unpinned build environment.
# shellcheck disable=SC2086  # the flags are words
uv pip compile $flags "$@" --extra dev pyproject.toml -o packaging/requirements-dev.lock
printf 'hatchling\neditables\n' | uv pip compile $flags "$@" -c packaging/requirements-dev.lock pyproject.toml - -o packaging/requirements.lock
