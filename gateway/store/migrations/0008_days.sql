-- Days at home: when this gateway listened, and how sparing each resident's alerts are meant to be.

-- Spans in which the sensors of the rooms were listened to. What lies between two was heard by nobody.
CREATE TABLE listening (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    from_at TEXT NOT NULL,
    to_at TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX listening_by_end ON listening (to_at);

-- per_month: false alerts that are accepted of a resident (or a home that several share) in thirty days.
CREATE TABLE day_promises (
    subject_type TEXT NOT NULL CHECK (subject_type IN ('resident', 'room', 'home')),
    subject_id TEXT NOT NULL,
    watched INTEGER NOT NULL CHECK (watched IN (0, 1)),
    per_month REAL NOT NULL CHECK (per_month > 0),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (subject_type, subject_id)
) STRICT;

CREATE INDEX alerts_by_condition ON alerts (subject_type, subject_id, condition);
