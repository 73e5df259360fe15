//! The architecture as a graph: what rows come from, what they go through and where they stay; for other programs to draw.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use crate::cost;
use crate::plan::{Input, Plan, Target};

/// What a graph shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The pipeline's name.
    pub name: String,
    /// Each behind what it is made from.
    pub nodes: Vec<Node>,
    /// Which way rows go.
    pub edges: Vec<Edge>,
}

/// Something that rows come from, go through or stay in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// `source`, `transform`, `dataset` or `sink`.
    pub kind: &'static str,
    /// Its name; a dataset's is `zone.name`.
    pub name: String,
    /// The addresses of the resources that it becomes, where these were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// A way of rows, by the places of two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// Where they come from.
    pub from: usize,
    /// Where they go.
    pub to: usize,
}

impl Graph {
    /// The dataflow of a platform.
    pub fn of(plan: &Plan) -> Self {
        let mut graph = Graph {
            name: plan.pipeline.name.clone(),
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        for source in &plan.sources {
            let from = graph.node("source", source.name.clone());
            if let Some(into) = &source.into {
                let to = graph.node("dataset", into.to_string());
                graph.edges.push(Edge { from, to });
            }
        }
        for transform in &plan.transforms {
            // What a view reads is drawn as read by whoever reads the view.
            let read: Vec<_> = plan
                .reads(transform)
                .into_iter()
                .filter_map(|input| graph.read(input))
                .collect();
            let at = graph.node("transform", transform.name.clone());
            graph.edges.extend(read.into_iter().map(|from| Edge { from, to: at }));
            for target in transform.targets() {
                let kind = match &target {
                    Target::Dataset(_) => "dataset",
                    Target::Sink(_) => "sink",
                };
                let to = graph.node(kind, target.to_string());
                graph.edges.push(Edge { from: at, to });
            }
        }
        graph
    }

    /// The same, with the resources that each thing becomes.
    pub fn on_aws(plan: &Plan) -> Self {
        let mut graph = Graph::of(plan);
        let mut resources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in cost::estimate(plan).lines {
            resources.entry(line.item).or_default().insert(line.resource);
        }
        for node in &mut graph.nodes {
            let found = resources.remove(&format!("{} {}", node.kind, node.name));
            node.resources = found.into_iter().flatten().collect();
        }
        graph
    }

    fn read(&mut self, input: &Input) -> Option<usize> {
        match input {
            Input::Stream(source) => Some(self.node("source", source.clone())),
            Input::Table(dataset) => Some(self.node("dataset", dataset.to_string())),
            Input::View(_) => None,
        }
    }

    /// The place of a node; what several transforms write stands once.
    fn node(&mut self, kind: &'static str, name: String) -> usize {
        let known = self
            .nodes
            .iter()
            .position(|node| node.kind == kind && node.name == name);
        known.unwrap_or_else(|| {
            self.nodes.push(Node {
                kind,
                name,
                resources: Vec::new(),
            });
            self.nodes.len() - 1
        })
    }

    /// As Mermaid draws it, in Markdown of GitHub and GitLab too.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for (at, node) in self.nodes.iter().enumerate() {
            let (open, close) = match node.kind {
                "source" => ("[/", "/]"),
                "transform" => ("(", ")"),
                "dataset" => ("[(", ")]"),
                _ => ("[", "]"),
            };
            let label = node.lines().map(in_mermaid).collect::<Vec<_>>().join("<br/>");
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  n{at}{open}\"{label}\"{close}");
        }
        for Edge { from, to } in &self.edges {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text
    }

    /// As Graphviz draws it.
    pub fn dot(&self) -> String {
        let mut text = format!(
            "digraph {} {{\n  rankdir = LR;\n  node [fontname = \"sans-serif\"];\n",
            in_dot(&self.name)
        );
        for (at, node) in self.nodes.iter().enumerate() {
            let shape = match node.kind {
                "source" => "invhouse",
                "transform" => "ellipse",
                "dataset" => "cylinder",
                _ => "box",
            };
            let label = in_dot(&node.lines().collect::<Vec<_>>().join("\n"));
            let _ = writeln!(text, "  n{at} [label = {label}, shape = {shape}];");
        }
        for Edge { from, to } in &self.edges {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text.push_str("}\n");
        text
    }
}

impl Node {
    /// Its name, and a line for each resource.
    fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.resources.iter().map(String::as_str))
    }
}

/// Text of a label between quotes.
fn in_mermaid(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '#' => out.push_str("#35;"),
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '\n' | '\r' => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}

/// A quoted text; line breaks are those of a label.
fn in_dot(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_leaves_its_quotes() {
        assert_eq!(in_dot("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
        assert_eq!(in_mermaid("a\"b#c<d"), "a#quot;b#35;c#lt;d");
    }
}
