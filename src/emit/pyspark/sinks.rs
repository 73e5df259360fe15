//! Destinations outside the lake that a job writes, as its file names them.
//!
//! It must not know how rows get there: that is the runtime's, and the platform's.

use super::job::{event_time, texts};
use super::tree::Py;
use super::types::schema;
use crate::plan::names::{WAREHOUSE_DATABASE, WAREHOUSE_LOADS, sink_argument};
use crate::plan::types::Column;
use crate::plan::{Sink, To};

/// A sink that is given rows of these columns.
pub fn sink(sink: &Sink, columns: &[Column]) -> Py {
    let mut arguments = vec![
        Py::keyword("argument", Py::text(&sink_argument(&sink.name))),
        Py::keyword("schema", schema(columns)),
    ];
    arguments.extend(event_time(columns));
    let key = sink.to.key();
    if !key.is_empty() {
        arguments.push(Py::keyword("key", texts(key)));
    }
    let To::Redshift(warehouse) = &sink.to else {
        arguments.push(Py::keyword("format", Py::text("json")));
        return Py::call("sinks.Sink", arguments);
    };
    let types: Vec<String> = columns.iter().map(|column| column.ty.kind.in_redshift()).collect();
    arguments.extend([
        Py::keyword("database", Py::text(WAREHOUSE_DATABASE)),
        Py::keyword("table", texts(&[warehouse.schema.clone(), warehouse.table.clone()])),
        Py::keyword("types", texts(&types)),
        Py::keyword("loads", Py::text(WAREHOUSE_LOADS)),
    ]);
    Py::call("sinks.Warehouse", arguments)
}
