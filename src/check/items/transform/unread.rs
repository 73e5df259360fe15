//! Transforms without a target that nobody reads: nothing comes of them.

use std::collections::BTreeSet;

use super::graph::{Node, input_of};
use crate::check::items::Items;
use crate::check::program::Transform;
use crate::diag::{Code, Diagnostic};
use crate::plan::Input;
use crate::syntax::ast::ItemKind;

impl<'a> Items<'a> {
    /// Warns of views that no other transform reads and no test looks at.
    pub(super) fn unread(&mut self, nodes: &[Node<'a>], right: &[Transform]) {
        let paths = nodes.iter().flat_map(Node::reads);
        let mut read: BTreeSet<String> = BTreeSet::new();
        for path in paths {
            if let Some(Input::View(name)) = input_of(self.ground.index, path) {
                read.insert(name);
            }
        }
        for item in self.ground.project.items() {
            if let ItemKind::Test(test) = &item.kind {
                read.insert(test.transform.text.clone());
            }
        }
        // What has mistakes may be meant otherwise.
        let right: BTreeSet<&str> = right.iter().map(|transform| transform.item.name.as_str()).collect();
        for node in nodes.iter().filter(|node| node.is_view()) {
            let name = node.entity.name;
            if read.contains(name) || !right.contains(name) {
                continue;
            }
            let message = format!("nothing reads transform `{name}`, and it writes nothing");
            let diagnostic = Diagnostic::new(Code::UNREAD_VIEW, node.entity.span, message)
                .found("its rows go nowhere")
                .help(format!("write them: `-> ZONE.{name}`, or read it in another transform"));
            self.say(diagnostic);
        }
    }
}
