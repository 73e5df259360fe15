//! The clickstream platform's plan, for tests of engines and emitters that change a plan rather than source text.

use super::Plan;
use crate::base::Memory;
use crate::{Options, compile};

/// The plan of `examples/clickstream`, without an environment.
pub fn clickstream() -> Plan {
    let text = include_str!("../../examples/clickstream/clickstream.pipe");
    let compilation = compile(&Memory::new([("clickstream.pipe", text)]), &Options::default());
    assert_eq!(compilation.diagnostics, []);
    compilation.plan.expect("the example compiles")
}
