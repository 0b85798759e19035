-- What drivers remember of a device between connections: consent codes, bind keys, replay counters, record numbers.
CREATE TABLE device_memory (
    address TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    home_id TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    wall TEXT NOT NULL,
    synchronised INTEGER NOT NULL CHECK (synchronised IN (0, 1)),
    PRIMARY KEY (address, key)
) STRICT;
