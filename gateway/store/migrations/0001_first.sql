-- The first schema. Times are ISO 8601 in UTC with microseconds. Every row says where and when it was made, by all clocks of
-- the gateway: organisation, home, gateway; boot id, monotonic seconds of that boot, wall time, and whether the wall clock
-- followed a time source.

CREATE TABLE residents (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    room_id TEXT,
    moved_out_at TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- identity: "serial:<vendor>:<serial>", "eui64:<hex>" or "address:<AA:BB:…>". One address may come to be known under a better
-- identity once the device has been read.
CREATE TABLE devices (
    identity TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    name TEXT,
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    profile_id TEXT NOT NULL,
    record_identity TEXT NOT NULL,
    adapter TEXT NOT NULL,
    serial TEXT,
    firmware TEXT,
    system_id BLOB,
    battery_percent INTEGER,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    last_seen_at TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX devices_by_address ON devices (address);

-- The clock of a device against ours, as measured on each connection: a series, never overwritten.
CREATE TABLE device_clock_offsets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_identity TEXT NOT NULL REFERENCES devices (identity),
    measured_at TEXT NOT NULL,
    offset_s REAL NOT NULL,
    uncertainty_s REAL NOT NULL,
    was_set INTEGER NOT NULL CHECK (was_set IN (0, 1)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    UNIQUE (device_identity, measured_at)
) STRICT;

-- Whose device it is, from – to. Both ends carry all clocks, so that a step of the wall clock moves no reading to somebody
-- else. device_identity may name a device that has not been seen yet.
CREATE TABLE assignments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_identity TEXT NOT NULL,
    subject_type TEXT NOT NULL CHECK (subject_type IN ('resident', 'room', 'home')),
    subject_id TEXT NOT NULL,
    placement TEXT,
    user_slot INTEGER,
    assigned_by TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    to_boot_id TEXT,
    to_monotonic_s REAL,
    to_synchronised INTEGER,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX assignments_by_device ON assignments (device_identity);
CREATE UNIQUE INDEX one_open_assignment ON assignments (device_identity, ifnull(user_slot, -1)) WHERE valid_to IS NULL;

-- seq orders by commit. subject is NULL for a reading of a device that nobody has been given: kept, never delivered.
CREATE TABLE readings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    identity_rule TEXT NOT NULL,
    may_repeat INTEGER NOT NULL CHECK (may_repeat IN (0, 1)),
    subject_type TEXT CHECK (subject_type IN ('resident', 'room', 'home')),
    subject_id TEXT,
    device_identity TEXT NOT NULL REFERENCES devices (identity),
    kind TEXT NOT NULL,
    failed INTEGER NOT NULL CHECK (failed IN (0, 1)),
    "values" TEXT NOT NULL CHECK (json_valid("values")),
    missing TEXT NOT NULL CHECK (json_valid(missing)),
    flags TEXT NOT NULL CHECK (json_valid(flags)),
    doubtful TEXT NOT NULL CHECK (json_valid(doubtful)),
    series TEXT NOT NULL CHECK (json_valid(series)),
    device_time TEXT,
    effective_at TEXT,
    effective_source TEXT NOT NULL CHECK (effective_source IN ('device', 'device-corrected', 'reception', 'unknown')),
    effective_uncertainty_s REAL,
    offset_s REAL,
    user_slot INTEGER,
    record_sequence INTEGER,
    source TEXT NOT NULL,
    raw BLOB NOT NULL,
    received_at TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    CHECK ((subject_type IS NULL) = (subject_id IS NULL))
) STRICT;
CREATE INDEX readings_by_subject ON readings (subject_id, seq) WHERE subject_id IS NOT NULL;
CREATE INDEX readings_latest ON readings (subject_id, kind, seq) WHERE failed = 0;

-- Readings of a device that belonged to nobody: what the sinks will get (but for the subject) once somebody says whose it
-- was. document is NULL for what is never delivered. The stamp is that of the reception.
CREATE TABLE waiting_readings (
    seq INTEGER PRIMARY KEY REFERENCES readings (seq),
    device_identity TEXT NOT NULL,
    user_slot INTEGER,
    age_s REAL,
    uncertainty_s REAL,
    document TEXT CHECK (document IS NULL OR json_valid(document)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE INDEX waiting_by_device ON waiting_readings (device_identity);

-- Tokens are 256 random bits: a plain SHA-256 is enough, there is nothing to guess.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('nurse', 'technician', 'admin')),
    token_hash BLOB NOT NULL UNIQUE,
    revoked_at TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- data_type: a kind of reading, "alert", or "*". word numbers what people said, in the order of commits: the newest counts.
CREATE TABLE consents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    recipient TEXT NOT NULL,
    data_type TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by TEXT,
    word INTEGER NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_open_consent ON consents (resident_id, recipient, data_type) WHERE withdrawn_at IS NULL;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit is append-only'); END;

-- The folded state of each alert; alert_events is the truth.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    condition TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('raised', 'acknowledged', 'resolved')),
    subject_type TEXT NOT NULL CHECK (subject_type IN ('resident', 'room', 'home')),
    subject_id TEXT NOT NULL,
    raised_at TEXT NOT NULL,
    last_sequence INTEGER NOT NULL,
    folded TEXT NOT NULL CHECK (json_valid(folded)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX one_raised_alert ON alerts (subject_type, subject_id, condition) WHERE state = 'raised';
CREATE INDEX open_alerts ON alerts (subject_type, subject_id, condition) WHERE state <> 'resolved';
CREATE INDEX alerts_by_state ON alerts (state, raised_at);

CREATE TABLE alert_events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL REFERENCES alerts (id),
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    UNIQUE (alert_id, sequence)
) STRICT;
CREATE TRIGGER alert_events_are_not_changed BEFORE UPDATE ON alert_events
BEGIN SELECT raise(ABORT, 'alert events are append-only'); END;
CREATE TRIGGER alert_events_are_not_deleted BEFORE DELETE ON alert_events
BEGIN SELECT raise(ABORT, 'alert events are append-only'); END;

CREATE TABLE evidence (
    alert_id TEXT NOT NULL REFERENCES alerts (id),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (alert_id, name)
) STRICT;

-- What leaves the home, once; outbox says to whom. sequence has no gaps, in the order of commits.
CREATE TABLE envelopes (
    sequence INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    schema TEXT NOT NULL,
    data_type TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    received_at TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- rank: 0 alerts, 1 readings: alerts overtake.
CREATE TABLE outbox (
    item_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sink TEXT NOT NULL,
    envelope_sequence INTEGER NOT NULL REFERENCES envelopes (sequence),
    rank INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'dead', 'withheld', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    detail TEXT,
    settled_at TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    UNIQUE (sink, envelope_sequence)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (sink, rank, item_id) WHERE state = 'queued';
CREATE INDEX outbox_dead ON outbox (sink, item_id) WHERE state = 'dead';

-- Kept by triggers: /status asks every few seconds how long the queues are, and delivered items are many.
CREATE TABLE outbox_counts (
    sink TEXT NOT NULL,
    state TEXT NOT NULL,
    number INTEGER NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (sink, state)
) STRICT;
CREATE TRIGGER outbox_is_counted AFTER INSERT ON outbox BEGIN
    INSERT INTO outbox_counts VALUES (
        new.sink, new.state, 1, new.organisation_id, new.home_id, new.gateway_id, new.boot_id, new.monotonic_s, new.wall,
        new.synchronised
    ) ON CONFLICT (sink, state) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER outbox_is_recounted AFTER UPDATE OF state ON outbox WHEN old.state <> new.state BEGIN
    UPDATE outbox_counts SET number = number - 1 WHERE sink = old.sink AND state = old.state;
    INSERT INTO outbox_counts VALUES (
        new.sink, new.state, 1, new.organisation_id, new.home_id, new.gateway_id, new.boot_id, new.monotonic_s, new.wall,
        new.synchronised
    ) ON CONFLICT (sink, state) DO UPDATE SET number = number + 1;
END;

-- When a streamed kind last went to a sink that takes one in so many seconds.
CREATE TABLE stream_marks (
    sink TEXT NOT NULL,
    device_identity TEXT NOT NULL,
    kind TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (sink, device_identity, kind)
) STRICT;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;

-- What no decoder understood, raw: bounded by the newest, so no reference to the device is needed.
CREATE TABLE undecodable_frames (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    device_identity TEXT NOT NULL,
    source TEXT NOT NULL,
    raw BLOB NOT NULL,
    why TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
