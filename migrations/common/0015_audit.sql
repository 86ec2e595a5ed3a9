-- The audit, asked for by anything and counted. Read models change shape by being made anew: their rows come from the log again.

DROP TABLE rm_audit;
CREATE TABLE rm_audit (
    organisation BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    kind         BYTEA  NOT NULL, -- keyed tag
    PRIMARY KEY (organisation, position)
);

-- What an event can be found by: keyed tags of kind, outcome, actor, subject, message, address, audience.
DROP TABLE rm_audit_terms;
CREATE TABLE rm_audit_terms (
    organisation BIGINT NOT NULL,
    term         BYTEA  NOT NULL,
    position     BIGINT NOT NULL,
    PRIMARY KEY (organisation, term, position)
);

-- From where it came: keyed tags of the networks around an address. Apart, because they die with the person.
CREATE TABLE rm_audit_networks (
    organisation BIGINT NOT NULL,
    term         BYTEA  NOT NULL,
    position     BIGINT NOT NULL,
    PRIMARY KEY (organisation, term, position)
);
CREATE INDEX rm_audit_networks_by_position ON rm_audit_networks (organisation, position);

-- How many events of a kind an hour has, and between which positions they lie; a kind of its own stands for all.
CREATE TABLE rm_audit_hours (
    organisation   BIGINT NOT NULL,
    kind           BYTEA  NOT NULL, -- keyed tag
    hour           BIGINT NOT NULL, -- since 1970
    events         BIGINT NOT NULL,
    first_position BIGINT NOT NULL,
    last_position  BIGINT NOT NULL,
    PRIMARY KEY (organisation, kind, hour)
);

-- Which audience a guest belongs to, so that what touches them is found by it.
CREATE TABLE rm_audit_audiences (
    organisation BIGINT NOT NULL,
    account      BYTEA  NOT NULL,
    audience     BYTEA  NOT NULL, -- keyed tag
    PRIMARY KEY (organisation, account)
);

-- A rebuild that was interrupted goes on from rows of the old shape: it begins anew.
DROP TABLE IF EXISTS next_audit;
DROP TABLE IF EXISTS next_audit_terms;
DROP TABLE IF EXISTS next_reviews;
DELETE FROM checkpoints WHERE projection = 'audit:next';

DELETE FROM rm_reviews;
UPDATE checkpoints SET position = 0, parked_reason = NULL WHERE projection = 'audit';
