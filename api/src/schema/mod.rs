//! The schema: names, shapes and descriptions are those of the contract, which clients rely on.
//!
//! Objects are plain data with their id; fields that need more than their row ask for it when they are asked.
#![expect(clippy::doc_markdown, reason = "doc comments are the contract's descriptions, word for word")]

mod access;
mod account;
mod administration;
mod alias;
mod audit;
mod audit_kind;
mod break_glass;
mod client;
mod compliance;
mod content_rule;
mod delivery;
mod draft;
mod dry_run;
pub(crate) mod ids;
mod invitation;
mod link;
mod mailbox;
mod message;
mod mutation;
mod node;
mod notification;
mod organisation;
mod paging;
mod policy;
mod policy_input;
mod problem;
mod query;
mod replay;
mod review;
mod rule_hit;
pub(crate) mod scalars;
mod second_factor;
mod session;
mod subscription;
mod viewer;
mod work;

use crate::nulls::Nulls;
use async_graphql::SDLExportOptions;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The whole API.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Levels of a document (contract: limits).
const DEPTH: usize = 16;
/// Weight of a document: a field weighs 1, a list half of what its entries weigh together.
const COMPLEXITY: usize = 5_000;
/// Levels that are looked at before anything else is.
const RECURSION: usize = 32;
/// Directives on one field: the two that there are, and as many again.
const DIRECTIVES: usize = 4;

/// The schema with its limits.
pub(crate) fn build(introspection: bool) -> Schema {
    let builder = Schema::build(Query, Mutation::default(), Subscription)
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .limit_recursive_depth(RECURSION)
        .limit_directives(DIRECTIVES)
        .extension(Nulls);
    if introspection { builder.finish() } else { builder.disable_introspection().finish() }
}

/// The schema in its own language, sorted; `api/schema.graphql` is this text.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident();
    build(true).sdl_with_options(options)
}
