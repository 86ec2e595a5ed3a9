//! What becomes of a field that failed: it is null, or the nearest field around it that may be (GraphQL specification
//! §6.4.4). The library leaves failed fields out instead, which typed clients do not understand.

use async_graphql::{
    Response, ServerError, ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// For each request an own memory of what failed.
pub(crate) struct Nulls;

impl ExtensionFactory for Nulls {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Failures::default())
    }
}

#[derive(Default)]
struct Failures(Mutex<Failed>);

#[derive(Default)]
struct Failed {
    errors: Vec<ServerError>,
    /// Paths of objects and lists that hold a failed part which must not be null.
    broken: HashSet<Vec<String>>,
}

impl Failures {
    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Failures {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, name).await;
        let Failed { errors, broken } = std::mem::take(&mut *self.failed());
        response.errors.extend(errors);
        if broken.contains(&vec![]) {
            response.data = Value::Null;
        }
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let path = info.path_node.to_string_vec();
        let nullable = !info.return_type.ends_with('!');
        let resolved = next.run(ctx, info).await;
        let mut failed = self.failed();
        let broken = failed.broken.remove(&path);
        let value = match resolved {
            Ok(value) if !broken => return Ok(value),
            Ok(_) => Value::Null,
            Err(error) => {
                failed.errors.push(error);
                Value::Null
            }
        };
        if !nullable {
            failed.broken.insert(path[..path.len() - 1].to_vec());
        }
        Ok(Some(value))
    }
}
