-- Version 1. A later file V1.x may only add what a node of version 1 can ignore; whatever such a node cannot live with is V2.

-- What is made once with the store, by whichever node comes first.
CREATE TABLE identity (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    credential_key bytea NOT NULL
);

-- Each running gateway and those of late. A lease runs until expires_at, by this server's clock.
CREATE TABLE nodes (
    incarnation text PRIMARY KEY,
    address text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Another one each time that somebody takes or ends a session that the node held: what it knows from before does not hold then.
    fence uuid NOT NULL DEFAULT gen_random_uuid(),
    -- Whether all that it left open was taken over: whoever looks for abandoned sessions need not look here.
    resumed boolean NOT NULL DEFAULT false
);

-- What changes with each use of a session, in a row that is small, since each change writes it anew.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    holder text NOT NULL,
    last_active bigint NOT NULL,
    standalone_cursor bigint NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX sessions_by_holder ON sessions (holder);

-- What changes seldom, in the format that every store has.
CREATE TABLE session_records (
    id uuid PRIMARY KEY,
    record bytea NOT NULL,
    state bytea NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE streams (
    session uuid NOT NULL,
    number integer NOT NULL,
    -- What its events are kept under: rises with time, and is given once.
    key bigint NOT NULL UNIQUE,
    open boolean NOT NULL,
    last_sequence bigint NOT NULL,
    trimmed_through bigint NOT NULL,
    bytes bigint NOT NULL,
    answer_bytes bigint NOT NULL,
    -- The newest upstream id of an event, and the event that it came with.
    event_cursor_at bigint NOT NULL,
    event_cursor bytea,
    -- The newest move of the upstream's cursor without an event.
    moved_after bigint NOT NULL,
    moved_cursor bytea,
    record bytea NOT NULL,
    PRIMARY KEY (session, number)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX streams_open ON streams (session) WHERE open;
CREATE SEQUENCE stream_keys INCREMENT BY 64;

-- The left end of its index is the oldest: retention empties whole pages there, of the table too.
CREATE TABLE events (
    stream bigint NOT NULL,
    sequence bigint NOT NULL,
    stored_at bigint NOT NULL,
    generation integer NOT NULL,
    bytes integer NOT NULL,
    answer boolean NOT NULL,
    upstream_id bytea,
    message bytea NOT NULL,
    PRIMARY KEY (stream, sequence)
) WITH (
    autovacuum_vacuum_scale_factor = 0.03,
    autovacuum_vacuum_insert_scale_factor = 0.1,
    autovacuum_vacuum_cost_limit = 2000
);

-- Larger messages are compressed where that is cheap, else not at all.
DO $$
BEGIN
    ALTER TABLE events ALTER COLUMN message SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    ALTER TABLE events ALTER COLUMN message SET STORAGE EXTERNAL;
END
$$;
