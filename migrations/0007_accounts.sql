-- +goose Up
-- The security administrator stands beside the system administrator and the
-- auditor (GB/T 22239); an account has one role, so nobody is two of them.
ALTER TABLE users DROP CONSTRAINT users_role_known;
ALTER TABLE users ADD CONSTRAINT users_role_known CHECK (role IN ('clerk', 'handler', 'mediator', 'committee_head',
    'court_liaison', 'reconsideration', 'supervisor', 'leader', 'auditor', 'security', 'admin'));

-- What a list of sessions shows; the id names one without telling its token.
ALTER TABLE sessions
    ADD COLUMN id         uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN address    text NOT NULL DEFAULT '',
    ADD COLUMN user_agent text NOT NULL DEFAULT '',
    ADD CONSTRAINT sessions_id_unique UNIQUE (id),
    ADD CONSTRAINT sessions_address_length CHECK (char_length(address) <= 64),
    ADD CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 100),
    ADD CONSTRAINT sessions_expire_later CHECK (expires_at > created_at);

-- Attempts to sign in, which outlive a restart. key is a hash of what is
-- counted (an account from an address, an address, an account): people type
-- passwords into the field for the name. account is the hash of the name alone,
-- so that somebody can be let in again.
CREATE TABLE sign_in_attempts (
    key          bytea PRIMARY KEY,
    account      bytea,
    n            integer NOT NULL,
    last_at      timestamptz NOT NULL,
    next_at      timestamptz NOT NULL,
    succeeded_at timestamptz,
    CONSTRAINT sign_in_attempts_n CHECK (n >= 0)
);
CREATE INDEX sign_in_attempts_by_account ON sign_in_attempts (account);
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (last_at);

-- The second factor of an account. secret is sealed; last_step is the time step
-- of the last code that was accepted, since none is accepted twice.
CREATE TABLE second_factors (
    user_id      uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret       bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- Sign-ins under way: between the password and the second factor, and between
-- the way to an identity provider and back. Each goes on once.
CREATE TABLE continuations (
    token_hash bytea PRIMARY KEY,
    kind       text NOT NULL,
    user_id    uuid REFERENCES users (id) ON DELETE CASCADE,
    nonce      text NOT NULL DEFAULT '',
    verifier   text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL,
    CONSTRAINT continuations_kind_known CHECK (kind IN ('second_factor', 'provider')),
    CONSTRAINT continuations_user_of_factor CHECK ((kind = 'second_factor') = (user_id IS NOT NULL))
);
CREATE INDEX continuations_by_end ON continuations (expires_at);

-- +goose Down
DROP TABLE continuations, recovery_codes, second_factors, sign_in_attempts;
ALTER TABLE sessions DROP COLUMN id, DROP COLUMN address, DROP COLUMN user_agent, DROP CONSTRAINT sessions_expire_later;
-- Security administrators become auditors who are shut out.
UPDATE users SET role = 'auditor', disabled_at = coalesce(disabled_at, now()) WHERE role = 'security';
ALTER TABLE users DROP CONSTRAINT users_role_known;
ALTER TABLE users ADD CONSTRAINT users_role_known CHECK (role IN ('clerk', 'handler', 'mediator', 'committee_head',
    'court_liaison', 'reconsideration', 'supervisor', 'leader', 'auditor', 'admin'));
