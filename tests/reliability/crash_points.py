"""Every named crash point of the gateway, in one place. A part that adds one adds its name here."""

from __future__ import annotations

from typing import Final

STORE: Final = (
    "store.migration.before",
    "store.migration.inside",
    "store.migration.after",
    "store.opened",
    "store.alert.appended-not-queued",
    "store.settle.tried-not-settled",
    "store.consent.withdrawn-not-dropped",
    "store.commit.before",
    "store.commit.inside",
    "store.commit.after",
)
INGEST: Final = ("ingest.before-write", "ingest.inside", "ingest.after-commit", "ingest.reassign.inside")
DESK: Final = ("desk.before-append", "desk.after-append")
NOTIFY: Final = (
    "notify.before-send",
    "notify.after-send-before-record",
    "notify.after-failure-before-record",
    "notify.after-record",
)
DELIVERY: Final = (
    "delivery.before-send",
    "delivery.after-send-before-settle",
    "delivery.after-settle",
    "delivery.after-door",
    "delivery.after-revoke",
)
ONCE_A_LIFE: Final = ("store.opened",)  # passed at each start, and not again
CRASH_POINTS: Final = (*STORE, *INGEST, *DESK, *NOTIFY, *DELIVERY)
