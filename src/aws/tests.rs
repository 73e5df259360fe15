//! Checks of whole stacks.

use super::*;
use crate::plan::fixture;

#[test]
fn writes_the_fixture_for_other_tools() {
    let Ok(folder) = std::env::var("PIPEC_WRITE_FIXTURE") else {
        return;
    };
    for environment in [None, Some("dev"), Some("prod")] {
        let mut plan = fixture::clickstream();
        plan.environment = environment.map(Into::into);
        plan.pipeline.destroyable = environment == Some("dev");
        if environment == Some("prod") {
            plan.zones[2].backup_days = Some(35);
        }
        for (path, text) in terraform(&plan) {
            let path = std::path::Path::new(&folder)
                .join(environment.unwrap_or("base"))
                .join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}
