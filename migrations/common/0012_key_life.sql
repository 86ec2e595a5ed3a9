-- The life of keys. Epochs: what the vault's rows are sealed under, renewed every day, with the keys themselves in files outside
-- the database. A row cannot be under an epoch that is not here, so an epoch that was taken away is one that no row needs.
CREATE TABLE key_epochs (
    epoch         BIGINT NOT NULL PRIMARY KEY, -- counts up
    announced_at  BIGINT NOT NULL,             -- its file is there since
    begun_at      BIGINT,                      -- new keys are sealed under it since
    superseded_at BIGINT                       -- under a newer one since
);
INSERT INTO key_epochs (epoch, announced_at, begun_at, superseded_at)
SELECT epoch, MIN(created_at), MIN(created_at), NULL FROM vault GROUP BY epoch;

-- The vault as before, with what its rows refer to.
CREATE TABLE next_vault (
    key_id       BYTEA  NOT NULL PRIMARY KEY, -- 16 random bytes
    organisation BIGINT NOT NULL,
    purpose      BIGINT NOT NULL,
    owner        BYTEA  NOT NULL,
    generation   BIGINT NOT NULL,
    epoch        BIGINT NOT NULL REFERENCES key_epochs (epoch),
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (organisation, purpose, owner, generation)
);
INSERT INTO next_vault (key_id, organisation, purpose, owner, generation, epoch, sealed, created_at)
SELECT key_id, organisation, purpose, owner, generation, epoch, sealed, created_at FROM vault;
DROP TABLE vault;
ALTER TABLE next_vault RENAME TO vault;
CREATE INDEX vault_by_epoch ON vault (epoch);

-- Nodes that run, and which keys each knows: a new epoch begins when all have loaded its key.
CREATE TABLE key_nodes (
    node         BYTEA  NOT NULL PRIMARY KEY,
    epoch        BIGINT NOT NULL, -- the newest that it has loaded
    root_version BIGINT,          -- the newest that it knows; NULL where a program guards the root
    seen_at      BIGINT NOT NULL
);

-- Keys whose destruction was announced and is not on record as done.
CREATE TABLE rm_destructions (
    organisation BIGINT NOT NULL,
    key_id       BYTEA  NOT NULL,
    requested_at BIGINT NOT NULL,
    PRIMARY KEY (organisation, key_id)
);
