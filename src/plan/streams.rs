//! Functions on streams: one for all transforms that read a source's arrivals, so that each record is read once.

use super::{Engine, Input, Lambda, Plan, Source, Transform};

/// The function that reads a source.
#[derive(Clone, Debug)]
pub struct StreamFunction<'p> {
    /// The source; the function bears its name.
    pub source: &'p Source,
    /// What fits all of its transforms.
    pub settings: Lambda,
    /// The transforms, in the plan's order.
    pub transforms: Vec<&'p Transform>,
}

/// Every function, in the order of the sources.
pub fn stream_functions(plan: &Plan) -> Vec<StreamFunction<'_>> {
    let of = |source| {
        let mut transforms = Vec::new();
        let mut settings: Option<Lambda> = None;
        for transform in plan.transforms.iter().filter(|transform| reads(transform, source)) {
            if let Engine::Lambda(own) = &transform.engine {
                settings = Some(settings.map_or_else(|| own.clone(), |all| fitting(&all, own)));
                transforms.push(transform);
            }
        }
        Some(StreamFunction {
            source,
            settings: settings?,
            transforms,
        })
    };
    plan.sources.iter().filter_map(of).collect()
}

fn reads(transform: &Transform, source: &Source) -> bool {
    matches!(&transform.input, Input::Stream(name) if *name == source.name)
}

/// Settings with which both can do: room for the larger, batches for the sooner. A processor that one of them cannot
/// have none has.
fn fitting(one: &Lambda, other: &Lambda) -> Lambda {
    let both_arm = one.architecture == "arm64" && other.architecture == "arm64";
    Lambda {
        batch: one.batch.min(other.batch),
        wait_seconds: one.wait_seconds.min(other.wait_seconds),
        memory_mib: one.memory_mib.max(other.memory_mib),
        timeout_seconds: one.timeout_seconds.max(other.timeout_seconds),
        architecture: if both_arm { "arm64" } else { "x86_64" }.to_owned(),
        retries: one.retries.max(other.retries),
    }
}
