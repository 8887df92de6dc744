-- An accusation (检举控告) is restricted: it is in no list, search or figure, and
-- there only for who has it (docs/decisions/0020). This column is where that is
-- decided; domain.Case.Restricted says the same.

-- +goose Up
-- This writes the table of cases anew, once, while nobody reads it.
ALTER TABLE cases ADD COLUMN restricted boolean NOT NULL GENERATED ALWAYS AS (procedure = 'petition' AND class = 'accusation') STORED;
-- The worklist shows them until they are closed.
CREATE INDEX cases_restricted_open ON cases (received_at DESC, id DESC) WHERE restricted AND closed_at IS NULL;

-- The policy of 0006 and the condition of store/scope.go for what is restricted:
-- the setting sudi.sealed is "on" for who works on cases and opens one by its id,
-- or looks at what waits for him.
DROP POLICY reader ON cases;
CREATE POLICY reader ON cases FOR SELECT TO sudi_reader USING (
    ((SELECT sudi_reads_everything())
        OR owner = ANY ((SELECT sudi_below())::text[]) OR desk = ANY ((SELECT sudi_below())::text[])
        OR registered_by = ANY ((SELECT sudi_below())::text[]) OR partners ?| (SELECT sudi_below())::text[])
    AND id <> ALL ((SELECT sudi_withheld())::uuid[])
    AND (NOT restricted OR (SELECT current_setting('sudi.sealed', true)) = 'on'
        AND ((SELECT current_setting('sudi.watch', true)) = 'on' OR (SELECT current_setting('sudi.org', true)) IN (desk, owner))));

-- +goose Down
DROP POLICY reader ON cases;
CREATE POLICY reader ON cases FOR SELECT TO sudi_reader USING (
    ((SELECT sudi_reads_everything())
        OR owner = ANY ((SELECT sudi_below())::text[]) OR desk = ANY ((SELECT sudi_below())::text[])
        OR registered_by = ANY ((SELECT sudi_below())::text[]) OR partners ?| (SELECT sudi_below())::text[])
    AND id <> ALL ((SELECT sudi_withheld())::uuid[]));
ALTER TABLE cases DROP COLUMN restricted;
