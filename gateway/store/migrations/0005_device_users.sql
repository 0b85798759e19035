-- Users of a device who are somebody new, and assignments of a pairing that is taken back.

-- pairing_id: the pairing that made it, and takes it back unless it ends well.
-- ended_by: the assignment in whose place this one went; it comes back when that one is taken back.
-- ended_anew: it ended because the device made its user anew: nothing that comes later is of the one before, whenever it
-- says that it was measured; what came earlier stays as it was decided.
ALTER TABLE assignments ADD COLUMN pairing_id TEXT;
ALTER TABLE assignments ADD COLUMN ended_by INTEGER REFERENCES assignments (id);
ALTER TABLE assignments ADD COLUMN ended_anew INTEGER NOT NULL DEFAULT 0 CHECK (ended_anew IN (0, 1));
