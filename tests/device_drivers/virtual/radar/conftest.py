"""Pseudo terminals live in real time: the kernel hands bytes over when it likes, and virtual time does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"real": asyncio.SelectorEventLoop}
