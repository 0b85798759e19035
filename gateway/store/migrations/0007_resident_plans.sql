-- What is planned for a resident, the rules about vital signs, and what they have come to.

-- settings: by name, only those that somebody has set ("by-night": true); every other has its default.
CREATE TABLE resident_plans (
    resident_id TEXT PRIMARY KEY REFERENCES residents (id),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- How a rule stood when it was last judged: beyond its limit or not. The stamp says when that was.
CREATE TABLE vital_states (
    resident_id TEXT NOT NULL REFERENCES residents (id),
    rule TEXT NOT NULL,
    beyond INTEGER NOT NULL CHECK (beyond IN (0, 1)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (resident_id, rule)
) STRICT;

-- Up to where a part of the gateway has followed what is committed here: it goes on from there after a restart.
CREATE TABLE followed (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- Readings that have become somebody else's, or somebody's, since they were committed: who follows the readings by seq
-- has passed them by then. The stamp is the reading's.
CREATE TABLE reading_moves (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    reading_seq INTEGER NOT NULL REFERENCES readings (seq),
    from_id TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE TRIGGER reading_has_moved AFTER UPDATE OF subject_id ON readings WHEN old.subject_id IS NOT new.subject_id BEGIN
    INSERT INTO reading_moves (
        reading_seq, from_id, organisation_id, home_id, gateway_id, boot_id, monotonic_s, wall, synchronised
    ) VALUES (
        new.seq, old.subject_id, new.organisation_id, new.home_id, new.gateway_id, new.boot_id, new.monotonic_s, new.wall,
        new.synchronised
    );
END;

CREATE INDEX readings_failed ON readings (subject_id, kind, seq) WHERE failed = 1;
