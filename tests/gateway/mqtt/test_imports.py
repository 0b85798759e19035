"""A home without a broker has none of its libraries in memory."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"aiomqtt", "paho", "jsonpath"}


def test_nothing_of_a_broker_is_imported_where_none_is_configured() -> None:
    code = (
        "import sys\n"
        "import api.composition, api.settings, api.cli.run\n"
        "from api.settings import Settings\n"
        "from device_drivers.home_profiles import load_checked\n"
        "load_checked((), drivers={'sig'})\n"
        "Settings()\n"
        f"print(*sorted(name for name in {HEAVY!r} | {{'gateway.mqtt.listener'}} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_where_one_is_configured_the_libraries_are_there() -> None:
    code = "import sys, gateway.mqtt.factory; print('aiomqtt' in sys.modules, 'jsonpath' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False"]  # JSONPath with the first profile that is used
