//! The dataflow as boxes and arrows: sources left, what is made of them to the right.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::plan::{Input, Plan};

const WIDTH: u32 = 190;
const HEIGHT: u32 = 44;
const GAP_X: u32 = 60;
const GAP_Y: u32 = 24;
const MARGIN: u32 = 12;

/// A drawing in pixels.
#[derive(Debug, Serialize)]
pub(super) struct Drawing {
    width: u32,
    height: u32,
    box_width: u32,
    box_height: u32,
    boxes: Vec<Node>,
    arrows: Vec<Arrow>,
}

#[derive(Debug, Serialize)]
struct Node {
    kind: &'static str,
    name: String,
    x: u32,
    y: u32,
    text_x: u32,
    text_y: u32,
}

#[derive(Debug, Serialize)]
struct Arrow {
    path: String,
}

/// Places every source, transform and dataset; a node stands one column right of what it is made from.
pub(super) fn draw(plan: &Plan) -> Drawing {
    let mut nodes: Vec<(String, &'static str, String, u32)> = Vec::new();
    let mut edges: Vec<(String, String)> = Vec::new();
    let mut depth: BTreeMap<String, u32> = BTreeMap::new();
    let mut add = |key: String, kind, name: String, from: Vec<String>, nodes: &mut Vec<_>, edges: &mut Vec<_>| {
        let at = from.iter().filter_map(|from| depth.get(from)).max();
        let at = at.map_or(0, |depth| depth + 1);
        // What several transforms write stands once.
        if !depth.contains_key(&key) {
            depth.insert(key.clone(), at);
            nodes.push((key.clone(), kind, name, at));
        }
        edges.extend(from.into_iter().map(|from| (from, key.clone())));
    };
    for source in &plan.sources {
        let key = format!("source {}", source.name);
        add(
            key.clone(),
            "source",
            source.name.clone(),
            Vec::new(),
            &mut nodes,
            &mut edges,
        );
        if let Some(into) = &source.into {
            add(
                format!("dataset {into}"),
                "dataset",
                into.to_string(),
                vec![key],
                &mut nodes,
                &mut edges,
            );
        }
    }
    for transform in &plan.transforms {
        let read = plan.reads(transform).into_iter();
        // What a view reads is drawn as read by whoever reads the view.
        let from = read.filter_map(|input| match input {
            Input::Stream(source) => Some(format!("source {source}")),
            Input::Table(dataset) => Some(format!("dataset {dataset}")),
            Input::View(_) => None,
        });
        let key = format!("transform {}", transform.name);
        add(
            key.clone(),
            "transform",
            transform.name.clone(),
            from.collect(),
            &mut nodes,
            &mut edges,
        );
        for target in transform.targets() {
            let name = target.to_string();
            let from = vec![key.clone()];
            add(format!("dataset {name}"), "dataset", name, from, &mut nodes, &mut edges);
        }
    }
    place(nodes, &edges)
}

fn place(nodes: Vec<(String, &'static str, String, u32)>, edges: &[(String, String)]) -> Drawing {
    let mut used: BTreeMap<u32, u32> = BTreeMap::new();
    let mut at: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut boxes = Vec::new();
    for (key, kind, name, column) in nodes {
        let row = used.entry(column).or_default();
        let (x, y) = (MARGIN + column * (WIDTH + GAP_X), MARGIN + *row * (HEIGHT + GAP_Y));
        *row += 1;
        at.insert(key, (x, y));
        boxes.push(Node {
            kind,
            name,
            x,
            y,
            text_x: x + WIDTH / 2,
            text_y: y + HEIGHT / 2 + 5,
        });
    }
    let arrows = edges
        .iter()
        .filter_map(|(from, to)| {
            let ((x1, y1), (x2, y2)) = (at.get(from)?, at.get(to)?);
            let (x1, y1, y2) = (x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2);
            let middle = (x1 + x2) / 2;
            Some(Arrow {
                path: format!("M{x1},{y1} C{middle},{y1} {middle},{y2} {},{y2}", x2.saturating_sub(6)),
            })
        })
        .collect();
    let columns = used.len() as u32;
    let rows = used.values().copied().max().unwrap_or(0);
    Drawing {
        width: 2 * MARGIN + columns * (WIDTH + GAP_X) - if columns > 0 { GAP_X } else { 0 },
        height: 2 * MARGIN + rows * (HEIGHT + GAP_Y) - if rows > 0 { GAP_Y } else { 0 },
        box_width: WIDTH,
        box_height: HEIGHT,
        boxes,
        arrows,
    }
}
