//! Records per CPU second through the generated function's handler, without network, beside one written by hand:
//! `function-bench ROWS EVENT…`, each a file with a Kinesis batch; the rows are left in the first. Bytes of the event in, bytes of the rows out.

mod by_hand;

use std::collections::BTreeSet;
use std::io::Write;

use fn_clicks::Clicks;
use pipec_function::batch::nothing_seen;
use pipec_function::event::kinesis;
use pipec_function::{Batch, Event, process};
use pipec_runtime::functions::PseudonymKey;
use rustix::time::{ClockId, clock_gettime};

const SECRET: &[u8] = b"local-key-for-tests-only";
const ROUNDS: usize = 21;

fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn handle(event: &[u8], function: &Clicks) -> Batch {
    let event: kinesis::Event = serde_json::from_slice(event).expect("an event");
    let (records, ()) = event.open();
    process(function, &records, &BTreeSet::new(), nothing_seen::<Clicks>(), Vec::new())
}

fn generated(event: &[u8], function: &Clicks) -> (Vec<u8>, usize) {
    let batch = handle(event, function);
    let clean = &batch.outputs[0];
    let rows = clean.rows[0].iter().flat_map(|(line, _)| line.iter().copied()).collect();
    (rows, clean.rejects.len())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut file = std::fs::File::create(arguments.next().expect("where rows go")).expect("a file");
    let events: Vec<Vec<u8>> = arguments.map(|path| std::fs::read(path).expect("an event")).collect();
    let (function, key) = (Clicks { key: PseudonymKey::new(SECRET) }, by_hand::key(SECRET));
    let mut records = 0;
    for event in &events {
        let (ours, rejected) = generated(event, &function);
        let (theirs, rejects) = by_hand::handle(event, &key);
        let rejects = rejects.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs), "the same rows");
        assert_eq!(rejected, rejects, "as many rows turned away");
        file.write_all(&ours).expect("the rows");
        records += ours.iter().filter(|byte| **byte == b'\n').count() + rejected;
    }
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            // Each goes first in half of the rounds.
            let which = (round + turn) % 2;
            let started = cpu_seconds();
            for event in &events {
                if which == 0 {
                    std::hint::black_box(handle(event, &function));
                } else {
                    std::hint::black_box(by_hand::handle(event, &key));
                }
            }
            rates[which].push(records as f64 / (cpu_seconds() - started));
        }
    }
    let [ours, theirs] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    println!("the function's handler, {records} records in batches of 500, median of {ROUNDS} rounds:");
    println!("  generated {ours:10.0} records per cpu second");
    println!("  by hand   {theirs:10.0} records per cpu second");
    println!("  generated to by hand: {:.2}", ours / theirs);
}
