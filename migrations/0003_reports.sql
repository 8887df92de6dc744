-- +goose Up
-- What departments state for the annual report. A later revision replaces an
-- earlier one, which stays.
CREATE TABLE attested (
    year       integer NOT NULL,
    code       text NOT NULL,
    revision   integer NOT NULL,
    value      text NOT NULL,
    over       boolean NOT NULL,
    department text NOT NULL REFERENCES organizations (code),
    source     text NOT NULL,
    date       date NOT NULL,
    signer     text NOT NULL,
    note       text NOT NULL DEFAULT '',
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (year, code, revision),
    CONSTRAINT attested_year_range CHECK (year BETWEEN 1949 AND 2100),
    CONSTRAINT attested_code_shape CHECK (code ~ '^[a-z]+[.][a-z0-9_]+$'),
    CONSTRAINT attested_revision_positive CHECK (revision >= 1),
    CONSTRAINT attested_value_decimal CHECK (value ~ '^-?(0|[1-9][0-9]{0,11})([.][0-9]{1,4})?$'),
    CONSTRAINT attested_source_given CHECK (btrim(source) <> '' AND char_length(source) <= 200),
    CONSTRAINT attested_signer_given CHECK (btrim(signer) <> '' AND char_length(signer) <= 50),
    CONSTRAINT attested_note_length CHECK (char_length(note) <= 1000),
    CONSTRAINT attested_enterer_given CHECK (entered_by <> '')
);
CREATE TRIGGER attested_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attested
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- Annual reports as they were published. content is the whole, in canonical
-- JSON, and hash its SHA-256; position is where in history its figures end.
CREATE TABLE publications (
    year              integer NOT NULL,
    revision          integer NOT NULL,
    published_at      timestamptz NOT NULL,
    published_by      text NOT NULL,
    published_by_name text NOT NULL,
    reason            text NOT NULL DEFAULT '',
    position          bigint NOT NULL,
    hash              text NOT NULL,
    content           text NOT NULL,
    differences       jsonb NOT NULL,
    PRIMARY KEY (year, revision),
    CONSTRAINT publications_year_range CHECK (year BETWEEN 1949 AND 2100),
    CONSTRAINT publications_revision_positive CHECK (revision >= 1),
    CONSTRAINT publications_publisher_given CHECK (published_by <> ''),
    CONSTRAINT publications_reason_given CHECK (revision = 1 OR btrim(reason) <> ''),
    CONSTRAINT publications_reason_length CHECK (char_length(reason) <= 1000),
    CONSTRAINT publications_position_range CHECK (position >= 0),
    CONSTRAINT publications_hash_of_content CHECK (hash = 'sha256:' || encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    CONSTRAINT publications_differences_whole CHECK (jsonb_typeof(differences) = 'object')
);
CREATE TRIGGER publications_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publications
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- +goose Down
DROP TABLE publications, attested;
