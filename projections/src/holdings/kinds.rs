//! The kinds of data that are held on people, and the columns that name them.

/// How a kind of data is counted.
pub(super) struct Kind {
    /// Which, in words.
    pub(super) what: &'static str,
    /// The columns that it counts people by, as `table.column`.
    pub(super) of: &'static [&'static str],
    /// The column that says how old an item is.
    pub(super) oldest: &'static str,
    /// The column that says when it ends.
    pub(super) ends: &'static str,
    /// Where it is, up to the column that names the person.
    pub(super) from: &'static str,
}

const UNKNOWN: &str = "CAST(NULL AS BIGINT)";
const NEVER: &str = UNKNOWN;

/// All that is kept beside the log.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        what: "Account with address, user name and profile",
        of: &["rm_accounts.account"],
        oldest: "created_at",
        ends: NEVER,
        from: "rm_accounts WHERE organisation = ? AND account",
    },
    Kind {
        what: "Addresses and user names to log in with",
        of: &["rm_addresses.account"],
        oldest: UNKNOWN,
        ends: NEVER,
        from: "rm_addresses WHERE organisation = ? AND account",
    },
    Kind {
        what: "Links that were mailed",
        of: &["rm_links.account"],
        oldest: UNKNOWN,
        ends: "expires_at",
        from: "rm_links WHERE organisation = ? AND account",
    },
    Kind {
        what: "Sessions with network and device",
        of: &["rm_sessions.account"],
        oldest: "started_at",
        ends: "ends_at",
        from: "rm_sessions WHERE organisation = ? AND account",
    },
    Kind {
        what: "Lockouts",
        of: &["rm_lockouts.account"],
        oldest: "since",
        ends: "until",
        from: "rm_lockouts WHERE organisation = ? AND account",
    },
    Kind {
        what: "Passwords that wait for their activation",
        of: &["rm_password_changes.account"],
        oldest: UNKNOWN,
        ends: "activate_by",
        from: "rm_password_changes WHERE organisation = ? AND account",
    },
    Kind {
        what: "People they invited",
        of: &["rm_accounts.invited_by"],
        oldest: "created_at",
        ends: NEVER,
        from: "rm_accounts WHERE organisation = ? AND invited_by",
    },
    Kind {
        what: "Messages in their folders, with content",
        of: &["rm_mailbox.account", "rm_mailbox.granted_to"],
        oldest: "sent_at",
        ends: "expires_at",
        from: "rm_mailbox WHERE organisation = ? AND revoked_at IS NULL AND recalled_at IS \
             NULL AND account",
    },
    Kind {
        what: "Records of messages sent",
        of: &["rm_messages.sender"],
        oldest: "sent_at",
        ends: NEVER,
        from: "rm_messages WHERE organisation = ? AND sender",
    },
    Kind {
        what: "Records of messages received",
        of: &["rm_deliveries.account"],
        oldest: "m.sent_at",
        ends: NEVER,
        from: "rm_deliveries d JOIN rm_messages m ON m.organisation = d.organisation AND \
             m.message = d.message WHERE d.organisation = ? AND d.account",
    },
    Kind {
        what: "Drafts",
        of: &["rm_drafts.owner"],
        oldest: "saved_at",
        ends: NEVER,
        from: "rm_drafts WHERE organisation = ? AND owner",
    },
    Kind {
        what: "Files of their drafts",
        of: &[],
        oldest: "d.saved_at",
        ends: NEVER,
        from: "rm_attachments a JOIN rm_drafts d ON d.organisation = a.organisation AND \
             d.draft = a.owner WHERE a.organisation = ? AND a.is_draft AND d.owner",
    },
    Kind {
        what: "Files of messages in their folders",
        of: &[],
        oldest: "b.sent_at",
        ends: "a.expires_at",
        from: "rm_attachments a JOIN rm_mailbox b ON b.organisation = a.organisation AND \
             b.message = a.owner WHERE a.organisation = ? AND NOT a.is_draft AND \
             b.revoked_at IS NULL AND b.recalled_at IS NULL AND b.account",
    },
    Kind {
        what: "Files they uploaded",
        of: &["files.account"],
        oldest: "created_at",
        ends: NEVER,
        from: "files WHERE organisation = ? AND account",
    },
    Kind {
        what: "Mails to them",
        of: &["rm_notifications.recipient"],
        oldest: "queued_at",
        ends: NEVER,
        from: "rm_notifications WHERE organisation = ? AND recipient",
    },
    Kind {
        what: "Mails about messages they sent",
        of: &["rm_notifications.sender"],
        oldest: "queued_at",
        ends: NEVER,
        from: "rm_notifications WHERE organisation = ? AND sender",
    },
    Kind {
        what: "Mail of theirs that met a content rule",
        of: &["rm_rule_hits.sender"],
        oldest: "at",
        ends: NEVER,
        from: "rm_rule_hits WHERE organisation = ? AND sender",
    },
    Kind {
        what: "Held mail that they decided on",
        of: &["rm_rule_hits.decided_by"],
        oldest: "at",
        ends: NEVER,
        from: "rm_rule_hits WHERE organisation = ? AND decided_by",
    },
    Kind {
        what: "Messages of theirs that content rules were tried on",
        of: &["dry_run_hits.sender"],
        oldest: "at",
        ends: NEVER,
        from: "dry_run_hits WHERE organisation = ? AND sender",
    },
    Kind {
        what: "Readings that a proposed policy would change",
        of: &["replay_effects.account"],
        oldest: "at",
        ends: NEVER,
        from: "replay_effects WHERE organisation = ? AND account",
    },
    Kind {
        what: "Mailboxes whose keys were to be destroyed",
        of: &["rm_condemned_keys.account"],
        oldest: UNKNOWN,
        ends: NEVER,
        from: "rm_condemned_keys WHERE organisation = ? AND account",
    },
];

/// Counted by the purposes of keys.
const KEYS: &[&str] = &["vault.owner", "destroyed_keys.owner"];
/// Columns that are named like people's and hold none.
const NOT_PEOPLE: &[&str] = &[
    // A draft or a message.
    "rm_attachments.owner",
];

/// Each column that names people and is answered for, as `table.column`. One that is not among them is missing from the answer
/// to "what do you hold on me?".
pub fn known_columns() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.of).chain(KEYS).chain(NOT_PEOPLE).copied()
}
