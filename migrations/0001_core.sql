-- +goose Up
-- State of truth. Every invariant of the domain package stands here again as a
-- named constraint, so that no client of the database can break it.

CREATE TABLE organizations (
    code       text PRIMARY KEY,
    parent     text NOT NULL DEFAULT '',
    path       text NOT NULL,
    kind       text NOT NULL,
    name       text NOT NULL,
    place      text NOT NULL DEFAULT '',
    function   text NOT NULL DEFAULT '',
    valid_from date NOT NULL,
    valid_to   date,
    CONSTRAINT organizations_code_shape CHECK (code ~ '^[0-9A-Za-z.-]{6,40}$'),
    CONSTRAINT organizations_path_ends_with_code CHECK (path LIKE '%/' || code || '/'),
    CONSTRAINT organizations_validity CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX organizations_by_path ON organizations (path text_pattern_ops);
CREATE INDEX organizations_by_kind ON organizations (kind, code);

CREATE TABLE categories (
    code   text PRIMARY KEY,
    level1 text NOT NULL,
    level2 text NOT NULL DEFAULT '',
    level3 text NOT NULL DEFAULT '',
    CONSTRAINT categories_code_shape CHECK (code ~ '^([0-9]{2}){1,3}$')
);

-- Which department is competent for a category, or for all below a prefix.
CREATE TABLE competences (
    category text PRIMARY KEY,
    function text NOT NULL
);

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    username      text NOT NULL,
    name          text NOT NULL,
    role          text NOT NULL,
    org           text NOT NULL REFERENCES organizations (code),
    password_hash text NOT NULL,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_username_unique UNIQUE (username),
    CONSTRAINT users_role_known CHECK (role IN ('clerk', 'handler', 'mediator', 'committee_head', 'court_liaison',
        'reconsideration', 'supervisor', 'leader', 'auditor', 'admin'))
);

-- The token itself is never stored, only its SHA-256.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE cases (
    id                uuid PRIMARY KEY,
    matter            uuid NOT NULL,
    number            text NOT NULL,
    procedure         text NOT NULL,
    procedure_version integer NOT NULL,
    regime            text NOT NULL DEFAULT '',
    class             text NOT NULL DEFAULT '',
    category          text NOT NULL DEFAULT '',
    title             text NOT NULL,
    statement         text NOT NULL DEFAULT '',
    place             text NOT NULL DEFAULT '',
    township          text NOT NULL DEFAULT '',
    lng               double precision,
    lat               double precision,
    channel           text NOT NULL,
    amount            bigint NOT NULL DEFAULT 0,
    settled           bigint NOT NULL DEFAULT 0,
    persons           integer NOT NULL DEFAULT 1,
    flags             jsonb NOT NULL DEFAULT '[]',
    registered_by     text NOT NULL REFERENCES organizations (code),
    owner             text NOT NULL REFERENCES organizations (code),
    desk              text NOT NULL REFERENCES organizations (code),
    unit              text NOT NULL,
    partners          jsonb NOT NULL DEFAULT '[]',
    handler           text NOT NULL DEFAULT '',
    concluded_by      text NOT NULL DEFAULT '',
    state             text NOT NULL,
    held_from         text NOT NULL DEFAULT '',
    disposition       text NOT NULL,
    outcome           text NOT NULL DEFAULT '',
    resolved          boolean,
    satisfaction      text NOT NULL DEFAULT '',
    merged_into       uuid REFERENCES cases (id),
    repeats           uuid REFERENCES cases (id),
    derived_from      uuid REFERENCES cases (id),
    source            text NOT NULL DEFAULT '',
    counts            jsonb NOT NULL DEFAULT '{}',
    received_at       timestamptz NOT NULL,
    accepted_at       timestamptz,
    concluded_at      timestamptz,
    closed_at         timestamptz,
    evaluated_at      timestamptz,
    respond_due       timestamptz,
    respond_met       boolean,
    accept_due        timestamptz,
    accept_met        boolean,
    conclude_due      timestamptz,
    conclude_met      boolean,
    perform_due       timestamptz,
    perform_met       boolean,
    paused_days       integer NOT NULL DEFAULT 0,
    returned_at       timestamptz,
    returned_by       uuid REFERENCES cases (id),
    updated_at        timestamptz NOT NULL,
    version           integer NOT NULL,
    CONSTRAINT cases_number_unique UNIQUE (number),
    CONSTRAINT cases_number_given CHECK (number <> ''),
    CONSTRAINT cases_title_given CHECK (title <> '' AND char_length(title) <= 200),
    CONSTRAINT cases_statement_length CHECK (char_length(statement) <= 50000),
    CONSTRAINT cases_place_shape CHECK (place = '' OR place ~ '^[0-9]{6}([0-9]{3}([0-9]{3}([0-9A-Za-z]{1,6})?)?)?$'),
    CONSTRAINT cases_township_of_place CHECK (township = '' OR place LIKE township || '%'),
    CONSTRAINT cases_channel_known CHECK (channel IN ('window', 'online', 'hotline', 'letter', 'mailbox', 'assigned', 'police', 'court', 'patrol')),
    CONSTRAINT cases_amounts_not_negative CHECK (amount >= 0 AND settled >= 0),
    CONSTRAINT cases_persons_positive CHECK (persons >= 1),
    CONSTRAINT cases_disposition_known CHECK (disposition IN ('pending', 'active', 'concluded', 'succeeded', 'failed',
        'not_accepted', 'withdrawn', 'merged', 'terminated')),
    CONSTRAINT cases_satisfaction_known CHECK (satisfaction IN ('', 'satisfied', 'basically_satisfied', 'dissatisfied')),
    CONSTRAINT cases_satisfaction_dated CHECK ((satisfaction = '') = (evaluated_at IS NULL)),
    CONSTRAINT cases_merged_names_master CHECK ((disposition = 'merged') = (merged_into IS NOT NULL) AND merged_into IS DISTINCT FROM id),
    CONSTRAINT cases_not_from_itself CHECK (derived_from <> id),
    CONSTRAINT cases_repeats_another CHECK (repeats <> id),
    CONSTRAINT cases_matter_is_its_own CHECK (derived_from IS NOT NULL OR (repeats IS NULL) = (matter = id)),
    CONSTRAINT cases_results_dated CHECK ((disposition IN ('concluded', 'succeeded', 'failed')) = (concluded_at IS NOT NULL)),
    CONSTRAINT cases_work_accepted CHECK (disposition NOT IN ('active', 'concluded', 'succeeded', 'failed') OR accepted_at IS NOT NULL),
    CONSTRAINT cases_moments_after_receipt CHECK (
        accepted_at AT TIME ZONE INTERVAL '08:00' >= date_trunc('day', received_at AT TIME ZONE INTERVAL '08:00')
        AND concluded_at AT TIME ZONE INTERVAL '08:00' >= date_trunc('day', received_at AT TIME ZONE INTERVAL '08:00')),
    CONSTRAINT cases_verdicts_of_duties CHECK (
        (respond_due IS NOT NULL OR respond_met IS NULL) AND (accept_due IS NOT NULL OR accept_met IS NULL)
        AND (conclude_due IS NOT NULL OR conclude_met IS NULL) AND (perform_due IS NOT NULL OR perform_met IS NULL)),
    CONSTRAINT cases_paused_not_negative CHECK (paused_days >= 0),
    CONSTRAINT cases_return_whole CHECK ((returned_at IS NULL) = (returned_by IS NULL)),
    CONSTRAINT cases_return_after_conclusion CHECK (returned_at IS NULL OR concluded_at IS NOT NULL AND returned_at > concluded_at),
    CONSTRAINT cases_category_shape CHECK (category = '' OR category ~ '^([0-9]{2}){1,3}$'),
    CONSTRAINT cases_position_whole CHECK ((lng IS NULL) = (lat IS NULL)),
    CONSTRAINT cases_position_on_earth CHECK (lng BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90),
    CONSTRAINT cases_state_given CHECK (state <> ''),
    CONSTRAINT cases_unit_given CHECK (unit <> ''),
    CONSTRAINT cases_partners_are_a_list CHECK (jsonb_typeof(partners) = 'array'),
    CONSTRAINT cases_held_when_merged CHECK (held_from = '' OR merged_into IS NOT NULL),
    CONSTRAINT cases_flags_are_a_list CHECK (jsonb_typeof(flags) = 'array'),
    CONSTRAINT cases_counts_are_a_map CHECK (jsonb_typeof(counts) = 'object'),
    CONSTRAINT cases_version_positive CHECK (version >= 1)
);
CREATE INDEX cases_by_received ON cases (received_at DESC, id DESC);
CREATE INDEX cases_by_desk ON cases (desk, received_at DESC, id DESC);
CREATE INDEX cases_by_owner ON cases (owner, received_at DESC, id DESC);
CREATE INDEX cases_by_registrar ON cases (registered_by, received_at DESC, id DESC);
CREATE INDEX cases_by_matter ON cases (matter);
CREATE INDEX cases_by_state ON cases (state, received_at DESC, id DESC);
CREATE INDEX cases_by_origin ON cases (derived_from) WHERE derived_from IS NOT NULL;
CREATE INDEX cases_by_flag ON cases USING gin (flags) WHERE flags <> '[]';
-- Organisations that help on a case, or were alerted, see it.
CREATE INDEX cases_by_partner ON cases USING gin (partners) WHERE partners <> '[]';
CREATE INDEX cases_by_first ON cases (repeats) WHERE repeats IS NOT NULL;
CREATE INDEX cases_by_master ON cases (merged_into) WHERE merged_into IS NOT NULL;
-- The moments that figures count by, for the lists behind them.
CREATE INDEX cases_by_accepted ON cases (accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX cases_by_concluded ON cases (concluded_at) WHERE concluded_at IS NOT NULL;
CREATE INDEX cases_by_evaluated ON cases (evaluated_at) WHERE evaluated_at IS NOT NULL;
CREATE INDEX cases_by_respond_due ON cases (respond_due) WHERE respond_due IS NOT NULL;
CREATE INDEX cases_by_accept_due ON cases (accept_due) WHERE accept_due IS NOT NULL;
CREATE INDEX cases_by_conclude_due ON cases (conclude_due) WHERE conclude_due IS NOT NULL;
CREATE INDEX cases_by_perform_due ON cases (perform_due) WHERE perform_due IS NOT NULL;
-- The case that a repeat came back to.
CREATE INDEX cases_by_return ON cases (returned_by) WHERE returned_by IS NOT NULL;
-- Two-character Chinese words are the usual search: bigrams find them where
-- trigrams cannot.
-- +goose StatementBegin
CREATE FUNCTION sudi_bigrams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(array_agg(DISTINCT substr(lower(t), i, 2)), '{}')
    FROM generate_series(1, greatest(char_length(t) - 1, 1)) AS i
$$;
-- +goose StatementEnd
CREATE INDEX cases_by_title ON cases USING gin (sudi_bigrams(title));
-- A merged case is counted with its master, so the master must be one that is
-- counted: not merged itself, and of the same procedure. The trigger fires
-- after the statement, which may bring master and merged case together. FOR
-- SHARE waits for whoever is just merging the master. A master that is not
-- there is the foreign key's affair.
-- +goose StatementBegin
CREATE FUNCTION sudi_check_merge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    master record;
BEGIN
    SELECT procedure, merged_into INTO master FROM cases WHERE id = NEW.merged_into FOR SHARE;
    IF FOUND AND (master.merged_into IS NOT NULL OR master.procedure <> NEW.procedure)
        OR EXISTS (SELECT FROM cases WHERE merged_into = NEW.id) THEN
        RAISE EXCEPTION 'case % cannot be merged into %', NEW.id, NEW.merged_into
            USING ERRCODE = 'check_violation', TABLE = 'cases', CONSTRAINT = 'cases_merge_target';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cases_merge_target_inserted AFTER INSERT ON cases FOR EACH ROW
    WHEN (NEW.merged_into IS NOT NULL) EXECUTE FUNCTION sudi_check_merge();
CREATE TRIGGER cases_merge_target_updated AFTER UPDATE ON cases FOR EACH ROW
    WHEN (NEW.merged_into IS NOT NULL AND (NEW.merged_into IS DISTINCT FROM OLD.merged_into OR NEW.procedure <> OLD.procedure))
    EXECUTE FUNCTION sudi_check_merge();

-- A matter is named by its first case. A case on which others hang cannot leave
-- its matter, or theirs would be torn; and a case is of the matter of the one that
-- it repeats or comes out of, whoever is just moving that: FOR SHARE waits.
-- +goose StatementBegin
CREATE FUNCTION sudi_check_matter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    theirs uuid;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.matter <> OLD.matter AND (
        EXISTS (SELECT FROM cases WHERE matter = OLD.id AND id <> OLD.id)
        OR EXISTS (SELECT FROM cases WHERE repeats = OLD.id) OR EXISTS (SELECT FROM cases WHERE derived_from = OLD.id)) THEN
        RAISE EXCEPTION 'cases hang on case %', OLD.id
            USING ERRCODE = 'check_violation', TABLE = 'cases', CONSTRAINT = 'cases_matter_has_cases';
    END IF;
    IF NEW.repeats IS NOT NULL OR NEW.derived_from IS NOT NULL THEN
        SELECT matter INTO theirs FROM cases WHERE id = coalesce(NEW.repeats, NEW.derived_from) FOR SHARE;
        IF FOUND AND theirs <> NEW.matter THEN -- a case that is not there is the foreign key's affair
            RAISE EXCEPTION 'case % is not of the matter of the case that it hangs on', NEW.id
                USING ERRCODE = 'check_violation', TABLE = 'cases', CONSTRAINT = 'cases_matter_moved';
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cases_matter_inserted AFTER INSERT ON cases FOR EACH ROW
    WHEN (NEW.repeats IS NOT NULL OR NEW.derived_from IS NOT NULL) EXECUTE FUNCTION sudi_check_matter();
CREATE TRIGGER cases_matter_updated AFTER UPDATE ON cases FOR EACH ROW
    WHEN (NEW.matter <> OLD.matter OR NEW.repeats IS DISTINCT FROM OLD.repeats OR NEW.derived_from IS DISTINCT FROM OLD.derived_from)
    EXECUTE FUNCTION sudi_check_matter();

-- The data key of each case, wrapped by a key that is not in the database. It is a
-- table of its own so that wrapping it anew touches nothing else. Overwriting it
-- makes everything unreadable that is sealed of the case.
CREATE TABLE case_keys (
    case_id uuid PRIMARY KEY REFERENCES cases (id),
    key     bytea NOT NULL
) WITH (fillfactor = 80);

-- name, phone, identity_number and address are sealed (docs/decisions/0016). People
-- are found again by keyed hashes (the *_key columns), never by the text itself.
CREATE TABLE parties (
    case_id         uuid NOT NULL REFERENCES case_keys (case_id) DEFERRABLE INITIALLY IMMEDIATE,
    seq             integer NOT NULL,
    role            text NOT NULL,
    organization    boolean NOT NULL DEFAULT false,
    org_code        text NOT NULL DEFAULT '',
    name            bytea NOT NULL,
    phone           bytea NOT NULL DEFAULT '',
    identity_number bytea NOT NULL DEFAULT '',
    address         bytea NOT NULL DEFAULT '',
    name_key        bytea,
    PRIMARY KEY (case_id, seq),
    CONSTRAINT parties_role_known CHECK (role IN ('applicant', 'respondent', 'representative', 'third_party')),
    CONSTRAINT parties_name_given CHECK (name <> ''),
    -- A sealed text is longer by 30 bytes than what it holds.
    CONSTRAINT parties_sealed CHECK (octet_length(name) > 30 AND (phone = '' OR octet_length(phone) > 30)
        AND (identity_number = '' OR octet_length(identity_number) > 30) AND (address = '' OR octet_length(address) > 30)),
    CONSTRAINT parties_name_key_whole CHECK (octet_length(name_key) = 32)
);
CREATE INDEX parties_by_name_key ON parties (name_key, case_id) WHERE name_key IS NOT NULL;
-- Complaints against an organisation of the county are kept from it.
CREATE INDEX parties_by_org ON parties (org_code, case_id) WHERE org_code <> '';

-- Append-only: folding a case's rows gives its row in cases. position says in
-- which order entries were written. Alone it does not say which of two
-- transactions came first; a published report draws its line between them with
-- a lock (store.Frozen).
CREATE TABLE history (
    case_id     uuid NOT NULL REFERENCES cases (id),
    version     integer NOT NULL,
    at          timestamptz NOT NULL,
    action      text NOT NULL,
    from_state  text NOT NULL DEFAULT '',
    to_state    text NOT NULL,
    actor_id    text NOT NULL,
    actor_name  text NOT NULL DEFAULT '',
    actor_role  text NOT NULL,
    actor_org   text NOT NULL DEFAULT '',
    note        text NOT NULL DEFAULT '',
    fields      jsonb,
    event       text NOT NULL,
    desk        text NOT NULL DEFAULT '',
    notified    jsonb,
    effect      jsonb NOT NULL,
    clocks      jsonb,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    position    bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (case_id, version),
    CONSTRAINT history_version_positive CHECK (version >= 1),
    CONSTRAINT history_note_length CHECK (char_length(note) <= 20000)
);
CREATE INDEX history_by_position ON history USING brin (position) WITH (autosummarize = on);
-- +goose StatementBegin
CREATE FUNCTION sudi_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- Published versions of procedures: what a case may run on. source and common
-- are for people to read; document is everything that holds in the version, in
-- canonical form, and hash is its SHA-256.
CREATE TABLE procedures (
    name         text NOT NULL,
    version      integer NOT NULL,
    published_at timestamptz NOT NULL,
    own          boolean NOT NULL,
    hash         text NOT NULL,
    source       text NOT NULL,
    common       text NOT NULL,
    document     text NOT NULL,
    PRIMARY KEY (name, version),
    CONSTRAINT procedures_name_shape CHECK (name ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT procedures_version_positive CHECK (version >= 1),
    CONSTRAINT procedures_hash_of_document CHECK (hash = encode(sha256(convert_to(document, 'UTF8')), 'hex'))
);
CREATE TRIGGER procedures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON procedures
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

CREATE TABLE deadlines (
    case_id    uuid NOT NULL REFERENCES cases (id),
    kind       text NOT NULL,
    round      integer NOT NULL,
    org        text NOT NULL,
    duty       text NOT NULL DEFAULT '',
    basis      text NOT NULL,
    period     text NOT NULL,
    roll       text NOT NULL,
    chance     boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL,
    nominal    timestamptz NOT NULL,
    due        timestamptz NOT NULL,
    warn_at    timestamptz NOT NULL,
    paused_at  timestamptz,
    held_at    timestamptz,
    warned_at  timestamptz,
    missed_at  timestamptz,
    ended_at   timestamptz,
    met        boolean NOT NULL DEFAULT false,
    calendar   text NOT NULL,
    PRIMARY KEY (case_id, kind, round),
    CONSTRAINT deadlines_round_positive CHECK (round >= 1),
    CONSTRAINT deadlines_roll_known CHECK (roll IN ('next', 'none')),
    CONSTRAINT deadlines_duty_known CHECK (duty IN ('', 'respond', 'accept', 'conclude', 'perform')),
    CONSTRAINT deadlines_chance_is_no_duty CHECK (NOT chance OR duty = ''),
    CONSTRAINT deadlines_due_after_start CHECK (due >= started_at),
    CONSTRAINT deadlines_due_rolled CHECK (nominal = due OR nominal < due AND roll = 'next'),
    CONSTRAINT deadlines_met_is_ended CHECK (NOT met OR ended_at IS NOT NULL),
    CONSTRAINT deadlines_met_is_in_time CHECK (NOT met OR ended_at <= due),
    CONSTRAINT deadlines_met_is_not_missed CHECK (NOT met OR missed_at IS NULL),
    CONSTRAINT deadlines_chance_is_not_missed CHECK (NOT chance OR missed_at IS NULL)
);
CREATE INDEX deadlines_to_warn ON deadlines (warn_at) WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND warned_at IS NULL;
CREATE INDEX deadlines_to_miss ON deadlines (due) WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND missed_at IS NULL;
CREATE INDEX deadlines_open ON deadlines (due, case_id) WHERE ended_at IS NULL AND paused_at IS NULL AND held_at IS NULL AND NOT chance;

CREATE TABLE evaluations (
    case_id      uuid NOT NULL,
    version      integer NOT NULL,
    at           timestamptz NOT NULL,
    satisfaction text NOT NULL,
    resolved     boolean,
    comment      text NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, version),
    FOREIGN KEY (case_id, version) REFERENCES history (case_id, version),
    CONSTRAINT evaluations_satisfaction_known CHECK (satisfaction IN ('satisfied', 'basically_satisfied', 'dissatisfied'))
);
CREATE TRIGGER evaluations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluations
    FOR EACH STATEMENT EXECUTE FUNCTION sudi_refuse();

-- Links by which applicants rate without an account. The token itself is known
-- only to who was sent it.
CREATE TABLE invitations (
    token_hash bytea PRIMARY KEY,
    case_id    uuid NOT NULL,
    version    integer NOT NULL,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    FOREIGN KEY (case_id, version) REFERENCES history (case_id, version),
    CONSTRAINT invitations_hash_whole CHECK (octet_length(token_hash) = 32),
    CONSTRAINT invitations_end_later CHECK (expires_at > issued_at)
);
CREATE INDEX invitations_of_case ON invitations (case_id);

CREATE TABLE links (
    from_case  uuid NOT NULL REFERENCES cases (id),
    to_case    uuid NOT NULL REFERENCES cases (id),
    kind       text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (from_case, to_case, kind),
    CONSTRAINT links_kind_known CHECK (kind IN ('merged_into', 'derived_from', 'repeats', 'child_of')),
    CONSTRAINT links_not_to_itself CHECK (from_case <> to_case)
);
CREATE INDEX links_back ON links (to_case);

-- The last number given; the row's lock makes numbers gapless.
CREATE TABLE case_numbers (
    org       text NOT NULL,
    procedure text NOT NULL,
    year      integer NOT NULL,
    last      integer NOT NULL,
    PRIMARY KEY (org, procedure, year),
    CONSTRAINT case_numbers_positive CHECK (last >= 1)
);

CREATE TABLE idempotency_keys (
    principal  text NOT NULL,
    key        text NOT NULL,
    body_hash  text NOT NULL,
    case_id    uuid NOT NULL REFERENCES cases (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, key)
);

-- History entries that are still to be announced; the relay deletes a row once
-- the broker has stored the event. later marks what nobody waits for: cases that
-- came with their history behind them (imports, the model year).
CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id  uuid NOT NULL,
    version  integer NOT NULL,
    later    boolean NOT NULL DEFAULT false,
    FOREIGN KEY (case_id, version) REFERENCES history (case_id, version)
);

CREATE INDEX outbox_now ON outbox (position) WHERE NOT later;
CREATE INDEX outbox_later ON outbox (case_id) WHERE later;

-- The last of a case's events whose effect a consumer has written, in the
-- transaction of the effect. An event that had none leaves nothing here.
CREATE TABLE inbox (
    consumer   text NOT NULL,
    case_id    uuid NOT NULL,
    version    integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, case_id)
);

-- replay_asked_at is set by whoever wants a letter delivered again; the serving
-- process, which has the broker, does it.
CREATE TABLE dead_letters (
    id         uuid PRIMARY KEY,
    consumer   text NOT NULL,
    subject    text NOT NULL,
    event_id   text NOT NULL,
    payload    bytea NOT NULL,
    cause      text NOT NULL,
    attempts   integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    replay_asked_at timestamptz,
    replayed_at timestamptz,
    CONSTRAINT dead_letters_once UNIQUE (consumer, event_id)
);

-- What the relay knows of the broker's stores. Under a stream's name: when the
-- store was made that the outbox was last emptied into; another one means that
-- the open cases must be announced again. Under the name with "/newest": the
-- time of the newest message that it is known to have; a store that ends
-- earlier has lost its end.
CREATE TABLE broker (
    stream     text PRIMARY KEY,
    created_at timestamptz NOT NULL
);

-- Roll-up: every count that a figure is made of, ready to be read, by month and
-- by year ('' for what stands now), for each organisation with all below it,
-- whole and in each grouping. A row has the counts of all groups of a grouping, as
-- package store/tally writes them: a report reads few rows. Rows that come to
-- nothing stay, empty. tally_deltas are the increments that are not folded in
-- yet; a figure is the sum of both.
CREATE TABLE tallies (
    org    text NOT NULL,
    period text NOT NULL,
    by     text NOT NULL,
    counts bytea NOT NULL,
    PRIMARY KEY (org, period, by),
    CONSTRAINT tallies_period_shape CHECK (period ~ '^([0-9]{4}(-[0-9]{2})?)?$'),
    CONSTRAINT tallies_by_known CHECK (by IN ('', 'township', 'category', 'procedure', 'organization'))
) WITH (fillfactor = 70); -- counts change in place
ALTER TABLE tallies ALTER counts SET STORAGE EXTERNAL; -- they are dense already
CREATE TABLE tally_deltas (
    position  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    measure   text NOT NULL,
    day       date NOT NULL,
    owner     text NOT NULL,
    township  text NOT NULL,
    procedure text NOT NULL,
    category  text NOT NULL,
    step      integer NOT NULL,
    n         bigint NOT NULL
);

-- What stood open at the end of each day, for each organisation with all below
-- it: the roll-up's stocks, kept for good.
CREATE TABLE backlog_days (
    day     date NOT NULL,
    org     text NOT NULL,
    measure text NOT NULL,
    n       bigint NOT NULL,
    PRIMARY KEY (org, measure, day)
);
CREATE INDEX backlog_days_by_day ON backlog_days (day);

CREATE TABLE imports (
    id         uuid PRIMARY KEY,
    file_name  text NOT NULL,
    file_hash  text NOT NULL,
    mapping    text NOT NULL,
    actor      text NOT NULL,
    total      integer NOT NULL DEFAULT 0,
    taken      integer NOT NULL DEFAULT 0,
    rejected   integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT imports_once UNIQUE (file_hash, mapping)
);

CREATE TABLE import_rows (
    import_id uuid NOT NULL REFERENCES imports (id),
    row       integer NOT NULL,
    case_id   uuid REFERENCES cases (id),
    reason    text NOT NULL DEFAULT '',
    PRIMARY KEY (import_id, row),
    CONSTRAINT import_rows_taken_or_rejected CHECK ((case_id IS NULL) <> (reason = ''))
);

-- Facts about this installation: county code, demo seed.
CREATE TABLE settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- +goose Down
DROP TABLE settings, import_rows, imports, backlog_days, tally_deltas, tallies, broker, dead_letters, inbox, outbox,
    idempotency_keys, case_numbers, links, invitations, evaluations, deadlines, procedures, history, parties, case_keys, cases, sessions, users,
    competences, categories, organizations;
DROP FUNCTION sudi_refuse();
DROP FUNCTION sudi_check_merge();
DROP FUNCTION sudi_check_matter();
DROP FUNCTION sudi_bigrams(text);
