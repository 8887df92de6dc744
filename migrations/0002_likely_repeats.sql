-- +goose Up
-- People are found again by a keyed hash of their telephone or identity number
-- (the key is not in the database), never by the number itself.
ALTER TABLE parties
    ADD COLUMN phone_key bytea,
    ADD COLUMN identity_key bytea,
    ADD CONSTRAINT parties_keys_whole CHECK (octet_length(phone_key) = 32 AND octet_length(identity_key) = 32);
CREATE INDEX parties_by_phone_key ON parties (phone_key, case_id) WHERE phone_key IS NOT NULL;
CREATE INDEX parties_by_identity_key ON parties (identity_key, case_id) WHERE identity_key IS NOT NULL;

-- What a case is about, as far as likely repeats look: its title and how its
-- statement begins. More would only make the index larger.
-- +goose StatementBegin
CREATE FUNCTION sudi_head(title text, statement text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT lower(title || E'\n' || left(statement, 120))
$$;
-- +goose StatementEnd
CREATE INDEX cases_by_head ON cases USING gin (sudi_bigrams(sudi_head(title, statement)));

-- +goose Down
DROP INDEX cases_by_head;
DROP FUNCTION sudi_head(text, text);
DROP INDEX parties_by_phone_key, parties_by_identity_key;
ALTER TABLE parties DROP CONSTRAINT parties_keys_whole, DROP COLUMN phone_key, DROP COLUMN identity_key;
DELETE FROM settings WHERE name = 'lookup_key_check';
