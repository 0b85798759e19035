-- What a technician set out to pair, and how it ended. One whose outcome is NULL is under way, or was cut off: what it
-- had made by then is in `bonded` and `assignment_id`.
CREATE TABLE pairings (
    id TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    address TEXT,
    profile_id TEXT,
    resident_id TEXT NOT NULL,
    user_slot INTEGER,
    placement TEXT,
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    language TEXT NOT NULL,
    replaces TEXT,
    owned_before INTEGER NOT NULL DEFAULT 0 CHECK (owned_before IN (0, 1)),
    bonded INTEGER NOT NULL DEFAULT 0 CHECK (bonded IN (0, 1)),
    prepared INTEGER NOT NULL DEFAULT 0 CHECK (prepared IN (0, 1)),
    assignment_id INTEGER,
    outcome TEXT,
    found TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(found)),
    started_at TEXT NOT NULL,
    ended_at TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX pairings_open ON pairings (id) WHERE outcome IS NULL;
