//! The dataflow as boxes and arrows: sources left, what is made of them to the right.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::emit::graph::Graph;

const WIDTH: u32 = 190;
/// The width of boxes that name resources, and the height of such a line.
const WIDE: u32 = 400;
const LINE: u32 = 16;
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
    boxes: Vec<Box>,
    arrows: Vec<Arrow>,
}

#[derive(Debug, Serialize)]
struct Box {
    kind: &'static str,
    name: String,
    x: u32,
    y: u32,
    text_x: u32,
    text_y: u32,
    /// Further lines, and where they stand.
    more: Vec<(String, u32)>,
}

#[derive(Debug, Serialize)]
struct Arrow {
    path: String,
}

/// Places every source, transform and dataset; a node stands one column right of what it is made from. Each names the
/// resources that it becomes, as far as the graph has them.
pub(super) fn draw(graph: &Graph) -> Drawing {
    let mut columns: Vec<u32> = Vec::new();
    for at in 0..graph.nodes.len() {
        // What is made of something stands behind it in the list, but for what is written back.
        let from = graph.edges.iter().filter(|edge| edge.to == at && edge.from < at);
        let left = from.filter_map(|edge| columns.get(edge.from)).max();
        columns.push(left.map_or(0, |column| column + 1));
    }
    place(graph, &columns)
}

fn place(graph: &Graph, columns: &[u32]) -> Drawing {
    let lines = graph.nodes.iter().map(|node| node.resources.len()).max().unwrap_or(0) as u32;
    let width = if lines == 0 { WIDTH } else { WIDE };
    let height = HEIGHT + lines * LINE;
    let mut used: BTreeMap<u32, u32> = BTreeMap::new();
    let mut at = Vec::new();
    let mut boxes = Vec::new();
    for (node, column) in graph.nodes.iter().zip(columns) {
        let row = used.entry(*column).or_default();
        let (x, y) = (MARGIN + column * (width + GAP_X), MARGIN + *row * (height + GAP_Y));
        *row += 1;
        at.push((x, y));
        let text_y = y + HEIGHT / 2 + 5;
        let more = node.resources.iter().zip(1..);
        boxes.push(Box {
            // A sink is drawn as what is written, too.
            kind: if node.kind == "sink" { "dataset" } else { node.kind },
            name: node.name.clone(),
            x,
            y,
            text_x: x + width / 2,
            text_y,
            more: more
                .map(|(resource, line)| (resource.clone(), text_y + line * LINE))
                .collect(),
        });
    }
    let arrows = graph.edges.iter().filter_map(|edge| {
        let ((x1, y1), (x2, y2)) = (at.get(edge.from)?, at.get(edge.to)?);
        let (x1, y1, y2) = (x1 + width, y1 + height / 2, y2 + height / 2);
        let middle = (x1 + x2) / 2;
        Some(Arrow {
            path: format!("M{x1},{y1} C{middle},{y1} {middle},{y2} {},{y2}", x2.saturating_sub(6)),
        })
    });
    let columns = used.len() as u32;
    let rows = used.values().copied().max().unwrap_or(0);
    Drawing {
        width: 2 * MARGIN + columns * (width + GAP_X) - if columns > 0 { GAP_X } else { 0 },
        height: 2 * MARGIN + rows * (height + GAP_Y) - if rows > 0 { GAP_Y } else { 0 },
        box_width: width,
        box_height: height,
        arrows: arrows.collect(),
        boxes,
    }
}
