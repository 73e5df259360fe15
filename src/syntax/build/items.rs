//! Items.

use super::super::ast::{Block, EnumVariant, FnParam, Function, ItemKind, Name, SourceType, Target, Test, Transform};
use super::super::grammar::Rule;
use super::entries::single;
use super::{Builder, Node, child, children};

/// The rule of the item that a word starts.
pub(super) fn rule_of(keyword: &str) -> Rule {
    match keyword {
        "use" => Rule::use_item,
        "param" => Rule::param,
        "enum" => Rule::enum_item,
        "type" => Rule::type_item,
        "schema" => Rule::schema,
        "fn" => Rule::function,
        "test" => Rule::test,
        "transform" => Rule::transform,
        "source" => Rule::source,
        "class" => Rule::class,
        "access" => Rule::access,
        "monitor" => Rule::monitor,
        "item" | "variant" => Rule::declared,
        "override" => Rule::override_item,
        _ => Rule::plain_item,
    }
}

impl Builder<'_> {
    pub(super) fn item_kind(&mut self, keyword: Name, node: Node) -> ItemKind {
        match node.as_rule() {
            Rule::use_item => ItemKind::Use {
                path: self.plain_text_in(&node),
            },
            Rule::param => {
                self.foreign_mark(&node, Rule::equals, "=", "a default follows one `=`");
                ItemKind::Param {
                    name: self.name_in(&node),
                    ty: self.type_in(&node),
                    default: self.maybe_expr_in(&node),
                }
            }
            Rule::enum_item => {
                let variant = |variant: Node| EnumVariant {
                    doc: self.doc_of(&variant),
                    name: self.name_in(&variant),
                };
                let variants = children(&node, Rule::enum_variant).map(variant).collect();
                ItemKind::Enum {
                    name: self.name_in(&node),
                    variants,
                }
            }
            Rule::type_item => {
                self.foreign_mark(&node, Rule::equals, "=", "a type's name takes one `=`");
                ItemKind::TypeAlias {
                    name: self.name_in(&node),
                    ty: self.type_in(&node),
                }
            }
            Rule::schema => ItemKind::Schema {
                name: self.name_in(&node),
                fields: self.fields_in(&node),
            },
            Rule::transform => ItemKind::Transform(self.transform(&node)),
            Rule::function => ItemKind::Function(self.function(&node)),
            Rule::test => ItemKind::Test(Test {
                title: self.plain_text_in(&node),
                transform: self.name_in(&node),
                entries: self.block_of(&node, Rule::test_block),
            }),
            _ => ItemKind::Block(self.plain_block(keyword, &node)),
        }
    }

    fn block_of(&mut self, node: &Node, rule: Rule) -> Vec<super::super::ast::Entry> {
        child(node, rule).map_or_else(Vec::new, |block| self.block(block))
    }

    fn plain_block(&mut self, keyword: Name, node: &Node) -> Block {
        let like = child(node, Rule::like).map(|like| self.path_in(&like));
        let parent = child(node, Rule::below).or_else(|| child(node, Rule::of_path));
        let input = child(node, Rule::source_type).map(|input| SourceType {
            shape: child(&input, Rule::shape).map_or_else(|| self.name_in(&input), |shape| self.name(&shape)),
            schema: self.type_in(&input),
        });
        let is_block = |inner: &Node| {
            let blocks = [
                Rule::settings,
                Rule::access_block,
                Rule::monitor_block,
                Rule::declare_block,
            ];
            blocks.contains(&inner.as_rule())
        };
        let block = node.clone().into_inner().find(is_block);
        let name = child(node, Rule::plain_path).map_or_else(|| single(self.name_in(node)), |path| self.path(&path));
        Block {
            name: name.of_item(&keyword.text),
            keyword,
            input,
            like,
            parent: parent.map(|parent| self.path_in(&parent)),
            entries: block.map_or_else(Vec::new, |block| self.block(block)),
        }
    }

    fn transform(&mut self, node: &Node) -> Transform {
        self.foreign_mark(node, Rule::arrow, "->", "what a transform writes stands behind `->`");
        Transform {
            name: self.name_in(node),
            inputs: self.paths_in(node),
            target: child(node, Rule::target).map(|target| self.target(&target)),
            entries: self.block_of(node, Rule::transform_block),
        }
    }

    fn target(&self, node: &Node) -> Target {
        let mode = child(node, Rule::mode);
        let word = mode.as_ref().and_then(|mode| child(mode, Rule::mode_word));
        Target {
            dataset: self.path_in(node),
            contract: child(node, Rule::contract).map(|contract| self.name_in(&contract)),
            mode: word.map(|word| self.name(&word)),
            keys: mode.map_or_else(Vec::new, |mode| self.names_in(&mode)),
        }
    }

    fn function(&mut self, node: &Node) -> Function {
        let params = children(node, Rule::fn_param).collect::<Vec<_>>();
        let params = params.into_iter().map(|param| FnParam {
            name: self.name_in(&param),
            ty: self.type_in(&param),
            default: self.maybe_expr_in(&param),
        });
        let params = params.collect();
        self.foreign_mark(node, Rule::arrow, "->", "what a function returns stands behind `->`");
        self.foreign_mark(node, Rule::equals, "=", "what a function answers follows one `=`");
        let name: Name = self.name_in(node);
        Function {
            name,
            params,
            returns: self.type_in(node),
            body: self.maybe_expr_in(node),
            entries: self.settings_in(node),
        }
    }
}
