"""A row with its stamp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apsw

from gateway.store.stamp import STAMP_COLUMNS, STAMP_MARKS, Stamp


def insert(
    connection: apsw.Connection, table: str, stamp: Stamp, values: Mapping[str, Any], *, then: str = ""
) -> apsw.Cursor:
    """INSERT `values` (columns by name, written in our code) and the stamp; `then` is an upsert or RETURNING clause."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = "?, " * len(values)
    sql = f"INSERT INTO {table} ({columns}, {STAMP_COLUMNS}) VALUES ({marks}{STAMP_MARKS}) {then}"  # noqa: S608  # names are ours, values bound
    return connection.execute(sql, (*values.values(), *stamp.row()))
