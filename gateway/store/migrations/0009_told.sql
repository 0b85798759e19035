-- How bad it was when a rule beyond its limit was last told (JSON, by name): worse by a step, it is told again. NULL: of a
-- gateway before this one, or not beyond.
ALTER TABLE vital_states ADD COLUMN told TEXT CHECK (told IS NULL OR json_valid(told));
