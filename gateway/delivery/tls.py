"""Whose certificates a sink trusts."""

from __future__ import annotations

import ssl

import certifi

from gateway.core.errors import SettingsError
from gateway.delivery.settings import SinkSettings


def tls_context(settings: SinkSettings) -> ssl.SSLContext:
    """Verifying, always: `ca_file` alone, or else what the system trusts and the public authorities of certifi.

    Raises:
        SettingsError: `ca_file` cannot be read or holds no certificate.
    """
    if settings.ca_file is None:
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=certifi.where())  # a small system may have no bundle of its own
        return context
    try:
        return ssl.create_default_context(cafile=str(settings.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ca_file {settings.ca_file} cannot be used: {error}.") from error
