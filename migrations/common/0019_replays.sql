-- What a proposed policy would have done. Bookkeeping, not history: it is forgotten with its work.
CREATE TABLE replay_effects (
    organisation BIGINT NOT NULL,
    work         BYTEA  NOT NULL,
    number       BIGINT NOT NULL, -- from 1, the oldest message first
    kind         TEXT   NOT NULL, -- expires, lives_on, gains_access, loses_access
    message      BYTEA  NOT NULL,
    account      BYTEA,           -- whose access
    at           BIGINT NOT NULL,
    PRIMARY KEY (organisation, work, number)
);
CREATE INDEX replay_effects_by_kind ON replay_effects (organisation, work, kind, number);
