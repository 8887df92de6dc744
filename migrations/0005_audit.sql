-- +goose Up
-- The audit log (docs/audit.md). A transaction adds a record and its mark in
-- audit_pending; the sealer takes the marks away, gives the records their numbers
-- and signs a checkpoint. canonical is what counts (RFC 8785) and leaf its leaf
-- hash; the other columns are read off it by the database, so they cannot tell
-- another story. at is text, whose form sorts as time does.
CREATE TABLE audit_records (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    canonical text NOT NULL,
    leaf      bytea NOT NULL,
    at        text COLLATE "C" GENERATED ALWAYS AS (canonical::jsonb ->> 'at') STORED NOT NULL,
    actor     text COLLATE "C" GENERATED ALWAYS AS (canonical::jsonb #>> '{actor,id}') STORED NOT NULL,
    org       text COLLATE "C" GENERATED ALWAYS AS (canonical::jsonb #>> '{actor,org}') STORED,
    action    text COLLATE "C" GENERATED ALWAYS AS (canonical::jsonb ->> 'action') STORED NOT NULL,
    object    text COLLATE "C" GENERATED ALWAYS AS (canonical::jsonb #>> '{object,id}') STORED,
    CONSTRAINT audit_records_leaf_is_a_hash CHECK (octet_length(leaf) = 32)
);
CREATE INDEX audit_records_by_actor ON audit_records (actor, id);
CREATE INDEX audit_records_by_object ON audit_records (object, id);
CREATE INDEX audit_records_by_at ON audit_records USING brin (at) WITH (autosummarize = on);
CREATE TRIGGER audit_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- Read to the end each time, and short: an index would cost more than it helps.
CREATE TABLE audit_pending (record bigint NOT NULL);

-- The numbers of the records in the sealed log.
CREATE TABLE audit_order (
    seq    bigint PRIMARY KEY,
    record bigint NOT NULL,
    CONSTRAINT audit_order_seq_positive CHECK (seq >= 1),
    CONSTRAINT audit_order_record_once UNIQUE (record)
);
CREATE TRIGGER audit_order_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_order
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- The signed checkpoints, for journals that lack them. frontier is what the
-- sealer goes on from; digest names the checkpoint.
CREATE TABLE audit_checkpoints (
    n        bigint PRIMARY KEY,
    size     bigint NOT NULL,
    digest   bytea NOT NULL,
    note     text NOT NULL,
    frontier bytea NOT NULL,
    CONSTRAINT audit_checkpoints_n_positive CHECK (n >= 1),
    CONSTRAINT audit_checkpoints_size_range CHECK (size >= 0),
    CONSTRAINT audit_checkpoints_digest_once UNIQUE (digest)
);
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- +goose Down
DROP TABLE audit_checkpoints, audit_order, audit_pending, audit_records;
