//! The clickstream job as it is, and names and texts that try to break out.

use super::*;
use crate::plan::fixture;

#[test]
fn clickstream() {
    let files = emit(&fixture::clickstream());
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["glue/daily_pages.py", "glue/pipec_runtime.py"]);
    insta::assert_snapshot!(files["glue/daily_pages.py"]);
}
