-- How bad it was when a rule beyond its limit was last told (JSON, by name): worse by a step, it is told again. NULL: of a
-- gateway before this one, or not beyond.
ALTER TABLE vital_states ADD COLUMN told TEXT CHECK (told IS NULL OR json_valid(told));

-- Single measurements, whatever a stream has put between them: the sources are those of gateway/ingest/streams.py.
CREATE INDEX readings_single ON readings (subject_id, kind, failed, seq) WHERE source NOT IN ('2a37', '2a5f');
