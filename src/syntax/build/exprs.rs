//! Expressions: precedence is given to flat chains here.

use std::iter::Peekable;

use crate::base::Span;
use crate::diag::{Code, Diagnostic};

use super::super::ast::{Argument, BinaryOp, Expr, ExprKind, Name, Order, UnaryOp};
use super::super::grammar::Rule;
use super::{Builder, Node, child, children};

/// How tightly operators bind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Coalesce,
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Negate,
}

type Chain<'i> = Peekable<std::vec::IntoIter<Node<'i>>>;

/// The level of an infix operator as written, with single spaces.
fn level_of(operator: &str) -> Level {
    match operator {
        "??" => Level::Coalesce,
        "or" => Level::Or,
        "and" => Level::And,
        "+" | "-" => Level::Add,
        "*" | "/" | "%" => Level::Multiply,
        _ => Level::Compare,
    }
}

fn tighter(level: Level) -> Level {
    match level {
        Level::Coalesce => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Compare,
        Level::Compare => Level::Add,
        Level::Add => Level::Multiply,
        Level::Multiply | Level::Negate => Level::Negate,
    }
}

fn binary_op(operator: &str) -> BinaryOp {
    match operator {
        "??" => BinaryOp::Coalesce,
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEqual,
        "like" | "not like" => BinaryOp::Like,
        "matches" | "not matches" => BinaryOp::Matches,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        _ => BinaryOp::Remainder,
    }
}

/// An operator in its one spelling: `is not` for `IS  NOT`, `and` for `&&`.
fn plain(operator: &str) -> String {
    match operator {
        "&&" => "and".to_owned(),
        "||" => "or".to_owned(),
        "<>" => "!=".to_owned(),
        "=" => "==".to_owned(),
        _ => {
            let words: Vec<_> = operator.split_whitespace().map(str::to_ascii_lowercase).collect();
            words.join(" ")
        }
    }
}

impl Builder<'_> {
    /// An expression, a value, a list or a measure.
    pub(super) fn any_expr(&mut self, node: Node) -> Expr {
        match node.as_rule() {
            Rule::value => self.value(node),
            Rule::list | Rule::measure => self.primary(node),
            _ => self.chain(node),
        }
    }

    fn value(&mut self, node: Node) -> Expr {
        let span = self.span(&node);
        let mut value = self
            .maybe_inner_expr(&node, Rule::expr)
            .unwrap_or_else(|| self.bad(span));
        if let Some(to) = child(&node, Rule::to_part) {
            let to = self.path_expr(&to);
            let span = value.span.to(to.span);
            value = Expr {
                kind: ExprKind::To {
                    from: Box::new(value),
                    to: Box::new(to),
                },
                span,
            };
        }
        // `arrival of raw.readings`
        if let Some(of) = child(&node, Rule::of_part) {
            let right = child(&of, Rule::amount).map(|amount| self.amount(&amount));
            let right = right.unwrap_or_else(|| self.path_expr(&of));
            let span = value.span.to(right.span);
            value = Expr {
                kind: ExprKind::Of {
                    left: Box::new(value),
                    right: Box::new(right),
                },
                span,
            };
        }
        self.with_settings(&node, value)
    }

    /// `kinesis { … }`: a value that has settings behind it.
    pub(super) fn with_settings(&mut self, node: &Node, value: Expr) -> Expr {
        if child(node, Rule::settings).is_none() {
            return value;
        }
        let entries = self.settings_in(node);
        Expr {
            kind: ExprKind::Variant {
                value: Box::new(value),
                entries,
            },
            span: self.span(node),
        }
    }

    fn maybe_inner_expr(&mut self, node: &Node, rule: Rule) -> Option<Expr> {
        child(node, rule).map(|inner| self.any_expr(inner))
    }

    /// A flat chain of prefixes, operands and operators.
    pub(super) fn chain(&mut self, node: Node) -> Expr {
        let span = self.span(&node);
        if let Some(lambda) = child(&node, Rule::lambda) {
            return self.lambda(&lambda);
        }
        let ternary = child(&node, Rule::ternary);
        let parts = |node: &Node| matches!(node.as_rule(), Rule::prefix | Rule::operand | Rule::infix);
        let nodes: Vec<Node> = node.into_inner().filter(parts).collect();
        let mut chain = nodes.into_iter().peekable();
        let expr = self.level(&mut chain, Level::Coalesce);
        let expr = match ternary {
            Some(ternary) => self.ternary(expr, &ternary),
            None => expr,
        };
        if chain.peek().is_some() {
            return self.bad(span);
        }
        expr
    }

    /// `c ? a : b`, read as `if c then a else b`.
    fn ternary(&mut self, condition: Expr, node: &Node) -> Expr {
        let branches: Vec<Node> = children(node, Rule::expr).collect();
        let mut branches = branches.into_iter().map(|branch| self.chain(branch));
        let (then, otherwise) = (branches.next(), branches.next());
        let (Some(then), Some(otherwise)) = (then, otherwise) else {
            return condition;
        };
        let span = condition.span.to(otherwise.span);
        let source = self.source;
        let text = |span: Span| source.get(span.start as usize..span.end as usize).unwrap_or("…");
        let written = format!(
            "if {} then {} else {}",
            text(condition.span),
            text(then.span),
            text(otherwise.span)
        );
        let place = child(node, Rule::question).map_or(span, |question| self.span(&question));
        self.say(
            Diagnostic::new(Code::SYNTAX, place, "a condition is written `if … then … else …`")
                .found("`?` chooses nothing here")
                .help(format!("write `{written}`"))
                .fix("write it with `if`", span, written),
        );
        Expr {
            kind: ExprKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            },
            span,
        }
    }

    /// Everything that binds at least as tightly as `level`.
    fn level(&mut self, chain: &mut Chain, level: Level) -> Expr {
        let mut left = self.prefixed(chain);
        let mut compared: Option<Span> = None;
        while let Some(operator) = chain.peek() {
            let written = plain(operator.as_str());
            let found = level_of(&written);
            if operator.as_rule() != Rule::infix || found < level {
                break;
            }
            let op_span = self.span(operator);
            self.foreign_operator(operator.as_str(), &written, op_span);
            chain.next();
            let earlier = (found == Level::Compare).then(|| compared.replace(op_span)).flatten();
            let chained = earlier.is_some();
            if let Some(first) = earlier {
                self.does_not_chain(&written, op_span, first);
            }
            left = self.infix(chain, left, &written, found, op_span);
            if chained {
                // What two comparisons in a row mean is not known, so nothing else is said of them.
                left = self.bad(left.span);
            }
        }
        left
    }

    /// Says of `=` and of words in capitals how they are written here; of `&&` and the like that was said.
    fn foreign_operator(&mut self, operator: &str, own: &str, span: Span) {
        if operator == "=" {
            let diagnostic = Diagnostic::new(Code::SYNTAX, span, "`=` does not compare");
            self.say(
                diagnostic
                    .found("sets a value")
                    .help("write `==`")
                    .fix("write `==`", span, "=="),
            );
        } else if operator.contains(|c: char| c.is_ascii_uppercase()) {
            self.capitals(operator, own, span);
        }
    }

    fn capitals(&mut self, written: &str, own: &str, span: Span) {
        let message = format!("`{written}` is written in small letters");
        self.say(
            Diagnostic::new(Code::SYNTAX, span, message)
                .found("in capitals")
                .help(format!("write `{own}`"))
                .fix(format!("write `{own}`"), span, own),
        );
    }

    fn does_not_chain(&mut self, written: &str, at: Span, first: Span) {
        self.say(
            Diagnostic::new(
                Code::CHAINED,
                at,
                format!("`{written}` cannot follow another comparison"),
            )
            .found("a second comparison")
            .label(first, "the first one")
            .help("say each comparison by itself: `a < b and b < c`, or `b between a and c`"),
        );
    }

    fn prefixed(&mut self, chain: &mut Chain) -> Expr {
        let Some(node) = chain.next() else {
            return self.bad(Span::new(self.file, self.laid.start, self.laid.start));
        };
        let span = self.span(&node);
        if node.as_rule() != Rule::prefix {
            return self.operand(node);
        }
        let written = node.as_str();
        if written.eq_ignore_ascii_case("not") && written != "not" {
            self.capitals(written, "not", span);
        }
        let (op, level) = match written {
            "-" => (UnaryOp::Negate, Level::Negate),
            _ => (UnaryOp::Not, tighter(Level::Not)),
        };
        let value = self.level(chain, level);
        let span = span.to(value.span);
        Expr {
            kind: ExprKind::Unary {
                op,
                value: Box::new(value),
            },
            span,
        }
    }

    fn infix(&mut self, chain: &mut Chain, left: Expr, written: &str, level: Level, op_span: Span) -> Expr {
        let not = written.starts_with("not ") || written == "is not";
        let right = self.level(chain, tighter(level));
        let start = left.span;
        let (value, other) = (Box::new(left), Box::new(right));
        let kind = match written {
            ".." => ExprKind::Range {
                low: value,
                high: other,
            },
            "is" | "is not" => ExprKind::Is { value, not, other },
            "in" | "not in" => {
                let set = Box::new(self.range_behind(chain, *other));
                ExprKind::In { value, not, set }
            }
            "between" | "not between" => {
                let high = Box::new(self.upper_end(chain, other.span));
                ExprKind::Between {
                    value,
                    not,
                    low: other,
                    high,
                }
            }
            _ => ExprKind::Binary {
                op: binary_op(written),
                op_span,
                left: value,
                right: other,
            },
        };
        let span = start.to(self.end_of(&kind));
        let expr = Expr { kind, span };
        if matches!(written, "not like" | "not matches") {
            return Expr {
                kind: ExprKind::Unary {
                    op: UnaryOp::Not,
                    value: Box::new(expr),
                },
                span,
            };
        }
        expr
    }

    fn end_of(&self, kind: &ExprKind) -> Span {
        match kind {
            ExprKind::Range { high: end, .. }
            | ExprKind::Is { other: end, .. }
            | ExprKind::In { set: end, .. }
            | ExprKind::Between { high: end, .. }
            | ExprKind::Binary { right: end, .. } => end.span,
            _ => Span::new(self.file, self.laid.end, self.laid.end),
        }
    }

    /// `x in 1..3`: the one place where two of the comparisons' level stand side by side.
    fn range_behind(&mut self, chain: &mut Chain, low: Expr) -> Expr {
        if chain.next_if(|next| next.as_str() == "..").is_none() {
            return low;
        }
        let high = self.level(chain, Level::Add);
        let span = low.span.to(high.span);
        Expr {
            kind: ExprKind::Range {
                low: Box::new(low),
                high: Box::new(high),
            },
            span,
        }
    }

    /// The `and b` of `between a and b`.
    fn upper_end(&mut self, chain: &mut Chain, low: Span) -> Expr {
        if chain.next_if(|next| next.as_str() == "and").is_some() {
            return self.level(chain, Level::Add);
        }
        self.say(
            Diagnostic::new(Code::SYNTAX, low, "`between` needs two ends")
                .found("only one end")
                .help("write `x between 1 and 10`"),
        );
        self.bad(low)
    }

    pub(super) fn operand(&mut self, node: Node) -> Expr {
        let span = self.span(&node);
        let mut inner = node.into_inner();
        let Some(first) = inner.next() else {
            return self.bad(span);
        };
        let mut value = self.primary(first);
        for postfix in inner {
            value = self.postfix(value, &postfix);
        }
        value
    }

    fn postfix(&mut self, value: Expr, node: &Node) -> Expr {
        let span = value.span.to(self.span(node));
        let of = Box::new(value);
        let kind = match node.as_rule() {
            Rule::member => ExprKind::Member {
                of,
                name: Box::new(self.name_in(node)),
            },
            Rule::star_member => ExprKind::Star(of),
            Rule::index => ExprKind::Index {
                of,
                index: Box::new(self.expr_in(node)),
            },
            Rule::call => self.call(of, node),
            _ => ExprKind::Bad,
        };
        Expr { kind, span }
    }

    fn call(&mut self, function: Box<Expr>, node: &Node) -> ExprKind {
        let arguments = children(node, Rule::argument).collect::<Vec<_>>();
        let arguments = arguments.into_iter().map(|argument| {
            self.foreign_mark(&argument, Rule::equals, ":", "an argument is named with `:`");
            Argument {
                name: child(&argument, Rule::name).map(|name| self.name(&name)),
                value: self.expr_in(&argument),
            }
        });
        let arguments = arguments.collect();
        let order = child(node, Rule::order_by).map_or_else(Vec::new, |order| self.orders_in(&order));
        ExprKind::Call {
            function,
            arguments,
            order: order.into(),
        }
    }

    pub(super) fn orders_in(&mut self, node: &Node) -> Vec<Order> {
        let Some(orders) = child(node, Rule::orders) else {
            return Vec::new();
        };
        let orders: Vec<Node> = children(&orders, Rule::order).collect();
        let order = |order: Node| Order {
            value: self.expr_in(&order),
            descending: child(&order, Rule::direction).is_some_and(|direction| direction.as_str() == "desc"),
        };
        orders.into_iter().map(order).collect()
    }

    fn primary(&mut self, node: Node) -> Expr {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::text => self.text(node),
            Rule::measure => return self.measure(node),
            Rule::null => ExprKind::Null,
            Rule::boolean => ExprKind::Bool(node.as_str() == "true"),
            Rule::variable => self.variable(node.as_str().trim_end(), span),
            Rule::label => ExprKind::Label(self.name_in(&node)),
            // A group keeps its own span: it is the author's `( … )` that messages point at.
            Rule::group => {
                Expr {
                    span,
                    ..self.expr_in(&node)
                }
                .kind
            }
            Rule::list => self.list(node),
            Rule::record => self.record(node),
            Rule::reject => {
                let text = child(&node, Rule::text).map(|text| self.primary(text));
                ExprKind::Reject(Box::new(text.unwrap_or_else(|| self.bad(span))))
            }
            Rule::if_expr => self.if_expr(node),
            Rule::match_expr => self.match_expr(&node),
            _ => ExprKind::Bad,
        };
        Expr { kind, span }
    }

    fn variable(&mut self, written: &str, span: Span) -> ExprKind {
        let (own, kind) = match written {
            "NULL" | "Null" => ("null", ExprKind::Null),
            "TRUE" | "True" => ("true", ExprKind::Bool(true)),
            "FALSE" | "False" => ("false", ExprKind::Bool(false)),
            _ => return ExprKind::Name(written.to_owned()),
        };
        self.capitals(written, own, span);
        kind
    }

    fn list(&mut self, node: Node) -> ExprKind {
        let mut elements = Vec::new();
        for element in node.into_inner() {
            match element.as_rule() {
                Rule::value => elements.push(self.value(element)),
                Rule::bad_element => {
                    self.explain(&element, Rule::value_alone, "an entry of a list");
                    elements.push(self.bad(self.span(&element)));
                }
                _ => {}
            }
        }
        ExprKind::List(elements)
    }

    fn record(&mut self, node: Node) -> ExprKind {
        let pairs = children(&node, Rule::pair).collect::<Vec<_>>();
        // `{ a: 1 }` and `{ A = 1 }` are both records, `{ a: 1, b = 2 }` is a slip.
        let colons = pairs.iter().filter(|pair| child(pair, Rule::colon).is_some()).count();
        let (rule, own) = if colons * 2 >= pairs.len() {
            (Rule::equals, ":")
        } else {
            (Rule::colon, "=")
        };
        if colons > 0 && colons < pairs.len() {
            for pair in &pairs {
                self.foreign_mark(pair, rule, own, "a record has one mark behind all of its names");
            }
        }
        ExprKind::Record(
            pairs
                .into_iter()
                .map(|pair| (self.name_in(&pair), self.expr_in(&pair)))
                .collect(),
        )
    }

    fn if_expr(&mut self, node: Node) -> ExprKind {
        let span = self.span(&node);
        self.elif(&node);
        let parts = node
            .into_inner()
            .filter(|part| matches!(part.as_rule(), Rule::expr | Rule::elif_part));
        let mut parts = parts.collect::<Vec<_>>().into_iter();
        let mut next = || match parts.next() {
            Some(part) if part.as_rule() == Rule::elif_part => {
                let span = self.span(&part);
                let kind = self.if_expr(part);
                Box::new(Expr { kind, span })
            }
            Some(part) => Box::new(self.chain(part)),
            None => Box::new(self.bad(span)),
        };
        ExprKind::If {
            condition: next(),
            then: next(),
            otherwise: next(),
        }
    }

    fn elif(&mut self, node: &Node) {
        if let Some(word) = child(node, Rule::elif_word) {
            let span = self.span(&word);
            self.say(
                Diagnostic::new(
                    Code::SYNTAX,
                    span,
                    format!("there is no `{}`", word.as_str().trim_end()),
                )
                .found("another condition")
                .help("write `else if`")
                .fix("write `else if`", span, "else if"),
            );
        }
    }

    fn match_expr(&mut self, node: &Node) -> ExprKind {
        let value = Box::new(self.expr_in(node));
        let arms = children(node, Rule::arm).collect::<Vec<_>>();
        let arms = arms.into_iter().map(|arm| {
            let span = self.span(&arm);
            let pattern = self
                .maybe_inner_expr(&arm, Rule::pattern)
                .unwrap_or_else(|| self.bad(span));
            (pattern, self.expr_in(&arm))
        });
        ExprKind::Match {
            value,
            arms: arms.collect(),
        }
    }

    fn lambda(&mut self, node: &Node) -> Expr {
        let mut params: Vec<Name> = children(node, Rule::name).map(|name| self.name(&name)).collect();
        params.extend(self.names_in(node));
        let body = Box::new(self.expr_in(node));
        Expr {
            kind: ExprKind::Lambda { params, body },
            span: self.span(node),
        }
    }

    fn path_expr(&self, node: &Node) -> Expr {
        let mut parts = self.path_in(node).parts.into_iter();
        let Some(first) = parts.next() else {
            return self.bad(self.span(node));
        };
        let root = Expr {
            kind: ExprKind::Name(first.text),
            span: first.span,
        };
        parts.fold(root, |of, name| Expr {
            span: of.span.to(name.span),
            kind: ExprKind::Member {
                of: Box::new(of),
                name: Box::new(name),
            },
        })
    }

    /// A number, a quantity, a rate, and what belongs to it.
    fn measure(&mut self, node: Node) -> Expr {
        let whole = self.span(&node);
        let mut inner = node.into_inner();
        let mut left = match inner.next() {
            Some(amount) => self.amount(&amount),
            None => self.bad(whole),
        };
        for tail in inner {
            let right = match child(&tail, Rule::amount) {
                Some(amount) => self.amount(&amount),
                None => self.path_expr(&tail),
            };
            let span = left.span.to(right.span);
            let (left_box, right_box) = (Box::new(left), Box::new(right));
            let kind = match tail.as_rule() {
                Rule::for_part => ExprKind::For {
                    rate: left_box,
                    duration: right_box,
                },
                _ => ExprKind::Of {
                    left: left_box,
                    right: right_box,
                },
            };
            left = Expr { kind, span };
        }
        left
    }

    fn amount(&mut self, node: &Node) -> Expr {
        let Some(quantity) = child(node, Rule::quantity) else {
            return self.bad(self.span(node));
        };
        let span = self.span(&quantity);
        let number = child(&quantity, Rule::number).map_or_else(String::new, |number| number.as_str().to_owned());
        let kind = match child(&quantity, Rule::unit) {
            Some(unit) => ExprKind::Quantity {
                number,
                unit: Box::new(self.name(&unit)),
            },
            None if number.contains('.') => ExprKind::Decimal(number.replace('_', "")),
            None => ExprKind::Int(number.replace('_', "")),
        };
        let amount = Expr { kind, span };
        let Some(per) = child(node, Rule::per_part) else {
            return amount;
        };
        let count = child(&per, Rule::number).map(|number| number.as_str().into());
        let unit = child(&per, Rule::unit).map_or_else(|| self.name_in(&per), |unit| self.name(&unit));
        let kind = ExprKind::Rate {
            amount: Box::new(amount),
            count,
            per: Box::new(unit),
        };
        Expr {
            kind,
            span: self.span(node),
        }
    }
}
