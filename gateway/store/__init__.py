"""SQLite through apsw: one owner thread, WAL, synchronous=FULL, group commit."""
