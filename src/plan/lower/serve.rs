//! How people read.

use super::Lowering;
use crate::plan::Serve;

impl Lowering<'_> {
    pub(super) fn serves(&mut self) -> Vec<Serve> {
        let mut serves = Vec::new();
        for serve in &self.program.serves {
            let item = &serve.item;
            let Some(("athena", athena)) = item.settings.variant("engine") else {
                continue;
            };
            let (Some(scan), Some(days)) = (athena.bytes("scan_limit"), athena.days("results")) else {
                continue;
            };
            serves.push(Serve {
                name: item.name.clone(),
                athena_scan_limit_bytes: scan,
                result_days: days,
                expose: serve.expose.clone(),
            });
        }
        serves
    }
}
