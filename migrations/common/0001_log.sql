-- The log, what guards its appends, the keys' vault, and the leases and checkpoints of whoever reads it.
-- Portable: SQLite and PostgreSQL run this same text. Times are microseconds since 1970 (UTC). NOT NULL is written on
-- primary keys too, because SQLite would let NULL into them.

-- Append-only (K1; the next migration makes the database refuse anything else). A row is clear only in what ordering and
-- addressing need; the body is sealed, and its hash is what the Merkle tree covers.
CREATE TABLE events (
    position     BIGINT NOT NULL PRIMARY KEY, -- 1, 2, 3 … without gaps: the leaf index is position - 1
    organisation BIGINT NOT NULL,
    class        BIGINT NOT NULL,
    stream       BYTEA  NOT NULL,             -- 16-byte keyed tag of the stream's name
    version      BIGINT NOT NULL,             -- 1, 2, 3 … within the stream
    event_id     BYTEA  NOT NULL,             -- 16 bytes
    recorded_at  BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    body_hash    BYTEA  NOT NULL,             -- SHA-256
    UNIQUE (organisation, stream, version)
);

-- What an append with this key did, so that a repeated request appends once.
CREATE TABLE idempotency (
    organisation BIGINT NOT NULL,
    key          BYTEA  NOT NULL,
    input_hash   BYTEA  NOT NULL,             -- the same key for another request is a mistake of the caller
    position     BIGINT NOT NULL,
    recorded_at  BIGINT NOT NULL,
    PRIMARY KEY (organisation, key)
);

-- Keys, each sealed under its organisation's key of an epoch. Deleting a row destroys what it opened.
CREATE TABLE vault (
    key_id       BYTEA  NOT NULL PRIMARY KEY, -- 16 random bytes
    organisation BIGINT NOT NULL,
    purpose      BIGINT NOT NULL,
    owner        BYTEA  NOT NULL,
    generation   BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (organisation, purpose, owner, generation)
);

-- Who does a piece of work that one node at a time may do. The token grows with every holder, so that one who was
-- replaced without noticing is told apart.
CREATE TABLE leases (
    name          TEXT   NOT NULL PRIMARY KEY,
    holder        BYTEA  NOT NULL,
    fencing_token BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);

-- How far a read model has applied the log; with a reason while it stands still at an event that it cannot apply.
CREATE TABLE checkpoints (
    projection    TEXT   NOT NULL PRIMARY KEY,
    position      BIGINT NOT NULL,
    parked_reason TEXT
);
