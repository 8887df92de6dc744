-- What BenchmarkIntake32 does, as pgbench does it: a transaction a case. Run it
-- on a database with the model county of the tests:
--   pgbench -n -M prepared -c 32 -j 2 -T 20 -f intake.sql DSN
\set a random(0, 281474976710655)
\set b random(0, 281474976710655)
BEGIN;
INSERT INTO case_numbers AS n (org, procedure, year, last) VALUES ('370404102', 'appeal', 2020, 1)
    ON CONFLICT (org, procedure, year) DO UPDATE SET last = n.last + 1 RETURNING last \gset
INSERT INTO cases (id, matter, number, procedure, procedure_version, category, title, statement, place, township, channel,
    registered_by, owner, desk, unit, state, disposition, received_at, updated_at, version)
VALUES (md5(:a || '-' || :b)::uuid, md5(:a || '-' || :b)::uuid, 'SQ-370404102-2020-' || :last, 'appeal', 1, '0102',
    '反映村口路灯不亮', '路灯坏了三个月。', '370404102201', '370404102', 'window', '370404102', '370404102', '370404102',
    '370404102', 'registered', 'pending', now(), now(), 1);
INSERT INTO case_keys (case_id, key) VALUES (md5(:a || '-' || :b)::uuid, decode(repeat('5a', 71), 'hex'));
INSERT INTO parties (case_id, seq, role, name, phone, name_key, phone_key) VALUES (md5(:a || '-' || :b)::uuid, 1, 'applicant',
    decode(repeat('5a', 36), 'hex'), decode(repeat('5a', 41), 'hex'), sha256((:a)::text::bytea), sha256((:b)::text::bytea));
INSERT INTO history (case_id, version, at, action, to_state, actor_id, actor_name, actor_role, actor_org, event, effect)
VALUES (md5(:a || '-' || :b)::uuid, 1, now(), 'register', 'registered', 'u1', '窗口', 'clerk', '370404102', 'registered',
    '{"unit": "370404102", "desk": "370404102", "owner": "370404102", "place": "370404102201", "state": "registered", "channel": "window", "persons": 1, "version": 1, "category": "0102", "township": "370404102", "procedure": "appeal", "disposition": "pending", "registered_by": "370404102", "procedure_version": 1}');
INSERT INTO deadlines (case_id, kind, round, org, basis, period, roll, started_at, nominal, due, warn_at, calendar)
VALUES (md5(:a || '-' || :b)::uuid, 'accept', 1, '370404102', 'P05 21', '15 days', 'none', now(), now() + '15 days', now() + '15 days', now() + '14 days', 'test'),
    (md5(:a || '-' || :b)::uuid, 'conclude', 1, '370404102', 'P05 21', '60 days', 'none', now(), now() + '60 days', now() + '60 days', now() + '59 days', 'test');
INSERT INTO outbox (case_id, version) VALUES (md5(:a || '-' || :b)::uuid, 1);
INSERT INTO tally_deltas (measure, day, owner, township, procedure, category, step, n)
VALUES ('appeals.received', '2020-03-01', '370404102', '370404102', 'appeal', '01', 0, 1),
    ('appeals.due', '2020-03-01', '370404102', '370404102', 'appeal', '01', 0, 1);
WITH added AS (INSERT INTO audit_records (canonical, leaf)
    SELECT text, sha256(text::bytea) FROM (SELECT '{"action":"case.register","actor":{"id":"u1","name":"clerk","org":"370404102","role":"clerk"},"at":"2026-11-24T08:00:00.000000Z","details":{"version":"1"},"id":"'
        || md5(:a || '-' || :b)::uuid || '","object":{"id":"' || md5(:a || '-' || :b)::uuid || '","type":"case"},"result":"done"}') AS r (text) RETURNING id)
    INSERT INTO audit_pending (record) SELECT id FROM added;
COMMIT;
