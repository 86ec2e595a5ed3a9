//! Many rows in one statement: a round trip for each is what bounds a read model.

use eventstore::db::Value;

/// Rows of one statement at most; SQLite binds 32 766 values.
const ROWS: usize = 1_000;
/// Where the one row of such a statement begins.
const ROW: &str = "VALUES (";

/// Rows of a read model that wait to be written, by the statement that writes them.
#[derive(Default)]
pub(crate) struct Gathering(Vec<(&'static str, Vec<Vec<Value>>)>);

impl Gathering {
    /// Puts a row to the others of its statement.
    pub(crate) fn add(&mut self, sql: &'static str, row: Vec<Value>) {
        match self.0.iter_mut().find(|(known, _)| *known == sql) {
            Some((_, rows)) => rows.push(row),
            None => self.0.push((sql, vec![row])),
        }
    }

    /// The statements that write all of them.
    pub(crate) fn take(&mut self) -> Vec<(String, Vec<Value>)> {
        let mut statements = vec![];
        for (sql, mut rows) in std::mem::take(&mut self.0) {
            while !rows.is_empty() {
                let rest = rows.split_off(rows.len().min(ROWS));
                statements.push((of_rows(sql, rows.len()), rows.into_iter().flatten().collect()));
                rows = rest;
            }
        }
        statements
    }
}

/// The same statement for so many rows.
fn of_rows(sql: &str, rows: usize) -> String {
    let parts = sql.split_once(ROW).and_then(|(head, rest)| Some((head, rest.split_once(')')?)));
    let (head, (row, tail)) = parts.expect("a statement that gathers has a row of values");
    let width = row.split(',').count();
    let row = |index: usize| {
        let places: Vec<_> = (1..=width).map(|place| format!("${}", index * width + place)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!("{head}VALUES {}{tail}", rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R17: rows of one statement are written together, as they came, whatever stands around them.
    #[test]
    fn rows_are_written_together() {
        let mut gathering = Gathering::default();
        let (plain, counted) = (
            "INSERT INTO rm_a (x, y) VALUES ($1, $2)",
            "INSERT INTO rm_b SELECT \
             column1, COUNT(*) FROM (VALUES ($1)) AS n GROUP BY column1",
        );
        for number in 0..3_i64 {
            gathering.add(plain, vec![number.into(), 7_i64.into()]);
            gathering.add(counted, vec![number.into()]);
        }
        let statements = gathering.take();
        assert_eq!(statements[0].0, "INSERT INTO rm_a (x, y) VALUES ($1, $2), ($3, $4), ($5, $6)");
        assert!(statements[0].1 == [0, 7, 1, 7, 2, 7_i64].map(Value::from));
        assert!(statements[1].0.ends_with("FROM (VALUES ($1), ($2), ($3)) AS n GROUP BY column1"));
        assert!(gathering.take().is_empty());
    }

    /// R17: a statement binds no more values than both databases take.
    #[test]
    fn a_statement_has_an_end() {
        let mut gathering = Gathering::default();
        for number in 0..2_500_i64 {
            gathering.add("INSERT INTO rm_a (x) VALUES ($1)", vec![number.into()]);
        }
        let rows: Vec<_> = gathering.take().iter().map(|(_, values)| values.len()).collect();
        assert_eq!(rows, [1_000, 1_000, 500]);
    }
}
