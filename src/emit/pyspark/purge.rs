//! The job that takes rows which have stayed their time out of tables that no other job writes: `purge_tables.py`.
//!
//! It must not know where the tables are.

use super::job::{constant, table};
use super::labels::dataset_name;
use super::tree::Py;
use crate::plan::Plan;
use crate::plan::names::PURGE_TABLES;

/// Its text, where there is such a table.
pub fn job(plan: &Plan) -> Option<String> {
    let tables: Vec<_> = plan.brought_tables().collect();
    let names: Vec<_> = tables.iter().map(|(dataset, _)| dataset_name(&dataset.id)).collect();
    if names.is_empty() {
        return None;
    }
    let constants = tables.iter().map(|(dataset, transform)| {
        let value = Py::call("runtime.Dataset", table(plan, dataset, &transform.mode));
        constant(&dataset_name(&dataset.id), &value)
    });
    let constants: String = constants.map(|text| format!("{text}\n")).collect();
    let run = Py::call(
        "runtime.Run",
        vec![
            Py::text(PURGE_TABLES),
            Py::atom("argv"),
            Py::call("runtime.Additions", vec![Py::List(vec![])]),
            Py::List(vec![]),
            Py::List(names.into_iter().map(Py::atom).collect()),
        ],
    );
    let run = run.statement(4, "run = ");
    Some(format!(
        "\"\"\"Takes rows that have stayed their time out of tables that functions write.\n\n\
         Written by pipec from the platform `{}`: change the platform, not this file.\n\"\"\"\n\n\
         import sys\n\n\
         import pipec_runtime as runtime\n\
         from pyspark.sql import types as T\n\n\
         {constants}\n\n\
         def main(argv: list[str]) -> None:\n    \
         \"\"\"Deletes them.\"\"\"\n{run}\n    run.done()\n\n\n\
         if __name__ == \"__main__\":\n    main(sys.argv)\n",
        plan.pipeline.name
    ))
}
