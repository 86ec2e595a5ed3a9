-- Who looked after what others did, and who read whose mail.

-- Which sign-off covers which event.
CREATE TABLE rm_reviews (
    organisation BIGINT NOT NULL,
    position     BIGINT NOT NULL, -- of the event that was signed off
    signed_in    BIGINT NOT NULL, -- position of the sign-off
    PRIMARY KEY (organisation, position, signed_in)
);
