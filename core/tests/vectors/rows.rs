//! The list of what has to be covered: a row without a vector is a failure, and so is a vector
//! that names a row which is not on the list, or none.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Which table of PROVIDERS or which RFC it stands in.
    group: String,
    /// What the row says.
    #[allow(dead_code)]
    what: String,
}

pub(crate) fn check(file: &Path, covered: &[(&str, &[String])]) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("rows.json is there");
    let rows: BTreeMap<String, Row> = serde_json::from_str(&text).expect("rows.json can be read");
    let mut failures = Vec::new();
    let mut count: BTreeMap<&str, usize> = rows.keys().map(|id| (id.as_str(), 0)).collect();
    for (name, named) in covered {
        if named.is_empty() {
            failures.push(format!("{name}: it names no row of rows.json"));
        }
        for row in *named {
            match count.get_mut(row.as_str()) {
                Some(n) => *n += 1,
                None => failures.push(format!("{name}: rows.json has no row {row}")),
            }
        }
    }
    let mut group = "";
    for (id, row) in &rows {
        if row.group != group {
            group = &row.group;
            println!("{group}");
        }
        println!("  {:>3}  {id}", count[id.as_str()]);
        if count[id.as_str()] == 0 {
            failures.push(format!("rows.json: the row {id} has no vector"));
        }
    }
    println!();
    failures
}
