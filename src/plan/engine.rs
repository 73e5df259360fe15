//! Where transforms run, and what an author says of it.
//!
//! It must not know steps: only the engines and their settings.

/// Where a transform runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// A generated Rust function on AWS Lambda.
    Lambda(Lambda),
    /// A generated PySpark job on AWS Glue.
    Glue(Glue),
    /// The same job on Amazon EMR Serverless.
    Emr(Emr),
    /// An engine without a bundle of resources yet, by its name.
    Other(String),
}

impl Engine {
    /// Whether what runs there is a generated PySpark job.
    pub fn is_job(&self) -> bool {
        self.job_minutes().is_some()
    }

    /// The longest that a run of a job may take, minutes; nothing where it is no job.
    pub fn job_minutes(&self) -> Option<u32> {
        match self {
            Engine::Glue(glue) => Some(glue.timeout_minutes),
            Engine::Emr(emr) => Some(emr.timeout_minutes),
            Engine::Lambda(_) | Engine::Other(_) => None,
        }
    }
}

/// Settings of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// Records a batch, at most.
    pub batch: u32,
    /// Longest wait for a batch, seconds.
    pub wait_seconds: u32,
    /// Memory, MiB.
    pub memory_mib: u32,
    /// Timeout, seconds.
    pub timeout_seconds: u32,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Retries of a batch before it goes to the dead letters.
    pub retries: u32,
}

impl Lambda {
    /// The longest that a script may take in a function, seconds: a minute of the longest batch is for objects and rows.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    pub const SCRIPT_SECONDS: u64 = 14 * 60;
    /// The most memory of a script in a function, MiB: of the largest function it leaves what is for records and rows.
    pub const SCRIPT_MIB: u32 = 10_240 - Lambda::OWN_MIB;
    /// What a function itself uses beside a script, MiB.
    const OWN_MIB: u32 = 256;
    /// What a function itself does beside a script, seconds.
    const OWN_SECONDS: u64 = 60;

    /// With room and time for a script beside what the function does itself.
    pub fn with_script(self, mebibytes: u32, seconds: u64) -> Lambda {
        let timeout = (seconds.min(Lambda::SCRIPT_SECONDS) + Lambda::OWN_SECONDS) as u32;
        Lambda {
            memory_mib: self.memory_mib.max(mebibytes.min(Lambda::SCRIPT_MIB) + Lambda::OWN_MIB),
            timeout_seconds: self.timeout_seconds.max(timeout),
            ..self
        }
    }
}

/// Settings of a job on AWS Glue.
#[derive(Clone, Debug, PartialEq)]
pub struct Glue {
    /// `G.1X` …
    pub worker: String,
    /// Least workers.
    pub min_workers: u32,
    /// Most workers.
    pub max_workers: u32,
    /// Timeout, minutes.
    pub timeout_minutes: u32,
    /// The most processors that the containers may use at once which run between its halves.
    pub program_vcpu: Option<u32>,
}

/// Settings of a job on Amazon EMR Serverless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emr {
    /// The most processors at once.
    pub max_vcpu: u32,
    /// The most memory at once, GiB.
    pub max_memory_gib: u32,
    /// How long it waits for more work before it stops, minutes.
    pub idle_minutes: u32,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Timeout, minutes.
    pub timeout_minutes: u32,
}

/// What a worker of EMR Serverless is: the driver, or an executor. Its sizes are those of
/// <https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmrWorker {
    /// Processors.
    pub cores: u32,
    /// Memory of all of it, GiB.
    pub memory_gib: u32,
}

impl EmrWorker {
    /// Of its memory, what Spark's heap may have, GiB: a tenth, and 384 MiB at least, is for what stands beside it.
    pub fn heap_gib(self) -> u32 {
        let beside = |heap: u32| (heap * 1024 / 10).max(384);
        (1..self.memory_gib)
            .rev()
            .find(|heap| heap * 1024 + beside(*heap) <= self.memory_gib * 1024)
            .unwrap_or(1)
    }
}

impl Emr {
    /// The size of its workers: as large as four of them fit, with memory in proportion.
    pub fn worker(&self) -> EmrWorker {
        // A processor has 2 GiB at least and 7.5 at most.
        let fits = |cores: &u32| self.max_vcpu >= 4 * cores && self.max_memory_gib >= 8 * cores;
        let cores = [4, 2].into_iter().find(fits).unwrap_or(1);
        let a_core = f64::from(self.max_memory_gib) / f64::from(self.max_vcpu.max(1));
        let memory = (a_core.clamp(2.0, 7.5) * f64::from(cores)).floor() as u32;
        EmrWorker {
            cores,
            memory_gib: memory,
        }
    }

    /// The most executors: all that fit beside the driver.
    pub fn most_executors(&self) -> u32 {
        let worker = self.worker();
        let by_cores = self.max_vcpu / worker.cores.max(1);
        let by_memory = self.max_memory_gib / worker.memory_gib.max(1);
        by_cores.min(by_memory).saturating_sub(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emr(max_vcpu: u32, max_memory_gib: u32) -> Emr {
        Emr {
            max_vcpu,
            max_memory_gib,
            idle_minutes: 5,
            architecture: "x86_64".into(),
            timeout_minutes: 60,
        }
    }

    #[test]
    fn workers_fit_what_the_author_allows() {
        for (vcpu, memory) in [
            (4, 16),
            (4, 8),
            (8, 32),
            (64, 256),
            (64, 8),
            (64, 16_384),
            (4_000, 16_000),
        ] {
            let emr = emr(vcpu, memory);
            let worker = emr.worker();
            assert!(
                (worker.cores * 2..=worker.cores * 15 / 2).contains(&worker.memory_gib),
                "{emr:?}"
            );
            assert!(
                worker.heap_gib() >= 1 && worker.heap_gib() < worker.memory_gib,
                "{emr:?}"
            );
            assert!((emr.most_executors() + 1) * worker.cores <= vcpu, "{emr:?}");
            assert!((emr.most_executors() + 1) * worker.memory_gib <= memory, "{emr:?}");
        }
        assert_eq!(
            emr(64, 256).worker(),
            EmrWorker {
                cores: 4,
                memory_gib: 16
            }
        );
        assert_eq!(emr(64, 256).worker().heap_gib(), 14);
        assert_eq!(emr(64, 256).most_executors(), 15);
    }
}
