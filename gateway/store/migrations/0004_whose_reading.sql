-- Devices that several residents share, decisions of people about single readings, and what was taken back.

-- shared: several open assignments without a slot may stand side by side; a reading is then nobody's until it is decided.
-- reference: what a technician measured at the assignment, by quantity ("weight": 72.0).
ALTER TABLE assignments ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));
ALTER TABLE assignments ADD COLUMN reference TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(reference));
DROP INDEX one_open_assignment;
CREATE UNIQUE INDEX one_open_assignment ON assignments (
    device_identity, ifnull(user_slot, -1), CASE shared WHEN 1 THEN subject_type || '/' || subject_id ELSE '' END
) WHERE valid_to IS NULL;

-- decided_by: how it was found whose the reading is; NULL in rows from before this schema: its device's owner or slot.
-- letter: the newest envelope that carries the reading; NULL when none was queued, and in rows from before.
ALTER TABLE readings ADD COLUMN decided_by TEXT
    CHECK (decided_by IN ('owner', 'slot', 'band', 'weighing', 'person'));
ALTER TABLE readings ADD COLUMN letter INTEGER REFERENCES envelopes (sequence);
CREATE INDEX readings_by_device ON readings (device_identity, seq);

-- dismissed: a person said that it is nobody's who lives here: kept, never asked again. why: what could not be decided.
ALTER TABLE waiting_readings ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0 CHECK (dismissed IN (0, 1));
ALTER TABLE waiting_readings ADD COLUMN why TEXT;

-- Who said that a reading is somebody else's than it was, or nobody's. Both ends are NULL for nobody.
CREATE TABLE reading_corrections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reading_seq INTEGER NOT NULL REFERENCES readings (seq),
    from_type TEXT,
    from_id TEXT,
    to_type TEXT,
    to_id TEXT,
    actor TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX corrections_by_reading ON reading_corrections (reading_seq);
CREATE TRIGGER corrections_are_not_changed BEFORE UPDATE ON reading_corrections
BEGIN SELECT raise(ABORT, 'corrections are append-only'); END;
CREATE TRIGGER corrections_are_not_deleted BEFORE DELETE ON reading_corrections
BEGIN SELECT raise(ABORT, 'corrections are append-only'); END;

-- Devices whose past assignments were changed and whose readings have not been looked at since: from which moment on.
CREATE TABLE assignment_reviews (
    device_identity TEXT PRIMARY KEY,
    since TEXT NOT NULL,
    done_seq INTEGER DEFAULT 0,  -- up to here it is done; NULL: all of it
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
