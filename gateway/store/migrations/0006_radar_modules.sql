-- A radar module and how it hangs. Its room is its open assignment's. One that was taken down keeps its row.
CREATE TABLE radar_modules (
    identity TEXT PRIMARY KEY REFERENCES devices (identity),
    port TEXT NOT NULL,
    protocol TEXT NOT NULL,
    baud INTEGER NOT NULL,
    height_m REAL NOT NULL,
    mounting TEXT NOT NULL CHECK (mounting IN ('wall', 'ceiling')),
    tilt_deg REAL NOT NULL,
    zones TEXT NOT NULL CHECK (json_valid(zones)),
    removed_at TEXT,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1))
) STRICT;
