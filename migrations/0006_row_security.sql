-- Row-level security: the second wall behind the store's own conditions
-- (docs/decisions/0019). Sudi works as sudi_engine, which owns nothing. Before a
-- case is shown to a person, the store asks as sudi_reader, for whom a case is
-- there only if the policies below let it through; where nobody has said who
-- reads, there is none.

-- +goose Up
-- Roles belong to the cluster: another database may have made them, or be making
-- them now. Where the one who migrates may not make roles, an administrator does.
-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['sudi_engine', 'sudi_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        IF NOT pg_has_role(name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sudi_engine;
GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO sudi_engine;
-- The audit log is only added to; what waits for its number is taken away (0005).
REVOKE UPDATE, DELETE ON audit_records, audit_order, audit_checkpoints FROM sudi_engine;
REVOKE UPDATE ON audit_pending FROM sudi_engine;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sudi_engine;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, USAGE ON SEQUENCES TO sudi_engine;
GRANT SELECT ON organizations, cases, parties, history, deadlines, evaluations, links, invitations TO sudi_reader;

-- Who reads is said by the settings sudi.org (his organisation) and sudi.watch
-- ("on" for who watches over the county), for one transaction.
-- +goose StatementBegin
CREATE FUNCTION sudi_reads_everything() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('sudi.watch', true), '') = 'on' OR EXISTS (
        SELECT FROM organizations WHERE code = current_setting('sudi.org', true) AND parent = '')
$$;
-- +goose StatementEnd
-- sudi_below are the reader's organisation and all below it.
-- +goose StatementBegin
CREATE FUNCTION sudi_below() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(o.code), '{}') FROM organizations s JOIN organizations o ON starts_with(o.path, s.path)
    WHERE s.code = current_setting('sudi.org', true)
$$;
-- +goose StatementEnd
-- sudi_withheld are the cases that complain of the reader's organisation, or one
-- above it but for the county. It looks at the parties of all cases, whoever asks.
-- +goose StatementBegin
CREATE FUNCTION sudi_withheld() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT p.case_id), '{}') FROM organizations s JOIN organizations a ON starts_with(s.path, a.path)
        JOIN parties p ON p.org_code = a.code AND p.org_code <> '' AND p.role = 'respondent'
    WHERE s.code = current_setting('sudi.org', true) AND a.parent <> ''
$$;
-- +goose StatementEnd
GRANT CREATE ON SCHEMA public TO sudi_engine;
ALTER FUNCTION sudi_withheld() OWNER TO sudi_engine;
REVOKE CREATE ON SCHEMA public FROM sudi_engine;
REVOKE EXECUTE ON FUNCTION sudi_withheld() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sudi_withheld() TO sudi_reader;

-- sudi_common_pairs are the pairs of characters that many cases have at their head,
-- with the share of those: the database's statistics of an index, which it shows
-- to the owner only.
-- +goose StatementBegin
CREATE FUNCTION sudi_common_pairs() RETURNS TABLE (pair text, share real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e, f FROM pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS m (e, f)
    WHERE s.schemaname = 'public' AND s.tablename = 'cases_by_head'
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION sudi_common_pairs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sudi_common_pairs() TO sudi_engine;

ALTER TABLE cases ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE parties ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE deadlines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE evaluations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY engine ON cases TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON parties TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON history TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON deadlines TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON evaluations TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON links TO sudi_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON invitations TO sudi_engine USING (true) WITH CHECK (true);

-- The conditions of store/scope.go: within reach, and no complaint of the reader.
CREATE POLICY reader ON cases FOR SELECT TO sudi_reader USING (
    ((SELECT sudi_reads_everything())
        OR owner = ANY ((SELECT sudi_below())::text[]) OR desk = ANY ((SELECT sudi_below())::text[])
        OR registered_by = ANY ((SELECT sudi_below())::text[]) OR partners ?| (SELECT sudi_below())::text[])
    AND id <> ALL ((SELECT sudi_withheld())::uuid[]));
-- What belongs to a case is there with it.
CREATE POLICY reader ON parties FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY reader ON history FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY reader ON deadlines FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY reader ON evaluations FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY reader ON invitations FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id = case_id));
CREATE POLICY reader ON links FOR SELECT TO sudi_reader USING (EXISTS (SELECT FROM cases c WHERE c.id IN (from_case, to_case)));

-- +goose Down
DROP POLICY reader ON links;
DROP POLICY reader ON invitations;
DROP POLICY reader ON evaluations;
DROP POLICY reader ON deadlines;
DROP POLICY reader ON history;
DROP POLICY reader ON parties;
DROP POLICY reader ON cases;
DROP POLICY engine ON invitations;
DROP POLICY engine ON links;
DROP POLICY engine ON evaluations;
DROP POLICY engine ON deadlines;
DROP POLICY engine ON history;
DROP POLICY engine ON parties;
DROP POLICY engine ON cases;
ALTER TABLE invitations DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE links DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE evaluations DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE deadlines DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE history DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parties DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE cases DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP FUNCTION sudi_common_pairs();
DROP FUNCTION sudi_withheld();
DROP FUNCTION sudi_below();
DROP FUNCTION sudi_reads_everything();
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM sudi_engine;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, USAGE ON SEQUENCES FROM sudi_engine;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM sudi_engine;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM sudi_engine, sudi_reader;
