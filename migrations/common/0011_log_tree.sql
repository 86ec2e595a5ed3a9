-- The Merkle tree over the log and its signed heads (N1). The tiles can be made again from `events`; the heads cannot.

-- One row. Who extends or signs changes it in the same transaction, under the fencing token of its lease.
CREATE TABLE log_tree (
    id            BIGINT NOT NULL PRIMARY KEY, -- 1
    size          BIGINT NOT NULL,             -- leaves in the tiles
    fencing_token BIGINT NOT NULL,
    latest        TEXT                         -- the newest checkpoint as signed; it may have the size of an older one
);
INSERT INTO log_tree (id, size, fencing_token) VALUES (1, 0, 0);

-- Hashes of complete subtrees of 256^level leaves, 256 a tile (C2SP tlog-tiles). The last tile of a level grows.
CREATE TABLE log_tiles (
    level  BIGINT NOT NULL,
    tile   BIGINT NOT NULL, -- from the left, from 0
    hashes BYTEA  NOT NULL, -- 32 bytes each
    PRIMARY KEY (level, tile)
);

-- The first checkpoint of each size that was signed: it never changes, so that what names a size names one note.
CREATE TABLE log_checkpoints (
    tree_size BIGINT NOT NULL PRIMARY KEY,
    note      TEXT   NOT NULL
);

-- The public key that verifies them, for nodes that hold no signing key.
CREATE TABLE log_keys (
    vkey TEXT NOT NULL PRIMARY KEY -- name+hash+key
);

-- Where checkpoints were put outside the database. Bookkeeping: what was put there counts.
CREATE TABLE log_anchors (
    place       TEXT   NOT NULL, -- file, webhook, mail
    tree_size   BIGINT NOT NULL,
    anchored_at BIGINT NOT NULL,
    PRIMARY KEY (place, tree_size)
);
CREATE INDEX log_anchors_by_size ON log_anchors (tree_size);
