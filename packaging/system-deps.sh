#!/bin/sh
# What the test suite wants from the system, installed when we may, otherwise named with the exact command.
# Usage: packaging/system-deps.sh [bluez]: everything, or only what the BlueZ lane needs. HUOMA_FAST=1 leaves that out.
set -eu
cd "$(dirname "$0")/.."
want=${1:-all}

say() { printf 'huoma: %s\n' "$*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

missing=
need() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
have() { dpkg -s "$1" >/dev/null 2>&1 || missing="$missing $1"; }
browser=
if [ "$want" = all ]; then
    need influxd influxdb                  # InfluxDB's own semantics, for the time-series sink
    need victoria-metrics victoria-metrics # a second server that speaks its protocol
    need mosquitto mosquitto               # a real broker, for sensors that speak MQTT
    need dbus-daemon dbus-daemon           # a private bus, for our BlueZ host on a scripted org.bluez
    # Playwright brings its own Node, which wants this library; a minimal system does not have it.
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q 'libatomic\.so\.1' || missing="$missing libatomic1"
    for name in chromium google-chrome chromium-browser; do
        # Ubuntu's chromium-browser is a stub that asks for a snap: it does not count.
        command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1 && browser=$name && break
    done
    if [ -z "$browser" ] && [ ! -f build/playwright-chromium ]; then
        . /etc/os-release
        [ "${ID:-}" = debian ] && missing="$missing chromium"
    fi
fi
# The BlueZ lane: a virtual machine, made of Debian's packages whatever this system is.
if [ "${HUOMA_FAST:-}" != 1 ] && command -v dpkg >/dev/null; then
    need qemu-system-x86_64 qemu-system-x86
    need cpio cpio
    have debian-archive-keyring # on Ubuntu it is not there by itself
fi

if [ -n "$missing" ]; then
    if may_install; then
        say "installing for the tests:$missing"
        as_root apt-get update -q >/dev/null || { say "apt-get update failed: see above"; exit 1; }
        # Debian starts a service as soon as it is installed; the tests start their own servers on free ports.
        policy=/usr/sbin/policy-rc.d
        own_policy=
        if [ ! -e "$policy" ]; then
            printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
            as_root chmod +x "$policy"
            own_policy=1
        fi
        status=0
        # shellcheck disable=SC2086  # the packages are words
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >/dev/null || status=$?
        [ -z "$own_policy" ] || as_root rm -f "$policy"
        [ "$status" = 0 ] || { say "could not install$missing: run 'apt-get install$missing' yourself and try again"; exit 1; }
    else
        say "the tests need:$missing. Run: sudo apt-get install --no-install-recommends$missing"
        exit 1
    fi
fi

if [ "$want" = all ] && [ -z "$browser" ] && ! command -v chromium >/dev/null && [ ! -f build/playwright-chromium ]; then
    # No Debian package for this system (Ubuntu ships a snap): Playwright brings its own.
    say "fetching Playwright's Chromium"
    if may_install; then .venv/bin/python -m playwright install --with-deps chromium; else .venv/bin/python -m playwright install chromium; fi
    mkdir -p build && touch build/playwright-chromium
fi
