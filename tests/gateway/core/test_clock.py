"""The system's clock."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from gateway.core.clock import SystemClock
from tests.virtual_time import EPOCH, VirtualClock, run_virtual


def test_wall_is_aware_and_monotonic_never_steps_back() -> None:
    clock = SystemClock()
    assert clock.wall().utcoffset() is not None
    assert clock.monotonic() <= clock.monotonic()


def test_the_kernel_answers_whether_its_clock_is_disciplined(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("asked for each reading: it may not start a process")

    monkeypatch.setattr(subprocess, "Popen", started)
    assert SystemClock().synchronised() in (True, False)


def test_virtual_time_jumps_and_waits_for_threads() -> None:
    async def main() -> None:
        clock = VirtualClock()
        before = clock.monotonic()
        await clock.sleep(86_400)
        assert clock.monotonic() - before == pytest.approx(86_400)
        assert (clock.wall() - EPOCH).total_seconds() == pytest.approx(86_400)
        with pytest.raises(TimeoutError):
            async with clock.timeout(5):
                await asyncio.Event().wait()
        loop = asyncio.get_running_loop()
        at = clock.monotonic()
        assert await loop.run_in_executor(None, sum, range(100_000)) == 4_999_950_000
        assert clock.monotonic() == at  # no timer was jumped to while the thread worked

    run_virtual(main)
