//! Operations on operands that may be missing: where one is, the answer is.

use super::{Lowered, Lowering, reject};
use crate::emit::rust::code::Code;
use crate::emit::rust::types::{Held, held};
use crate::plan::types::TypeKind;

/// What an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// The answer.
    Value,
    /// The answer, or none.
    Maybe,
    /// The answer, unless it overflows: an `Option`.
    Checked,
    /// The answer or none, unless it overflows: an `Option` of an `Option`.
    CheckedMaybe,
    /// The answer, unless it overflows: a `Result` of the runtime.
    Fails,
    /// The answer or none, unless it overflows: a `Result` of an `Option`.
    FailsMaybe,
}

impl Gives {
    fn maybe(self) -> bool {
        matches!(self, Gives::Maybe | Gives::CheckedMaybe | Gives::FailsMaybe)
    }

    fn fails(self) -> bool {
        !matches!(self, Gives::Value | Gives::Maybe)
    }
}

/// What an operation answers.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'k> {
    /// Its type.
    pub kind: &'k TypeKind,
    /// How it is held.
    pub held: Held,
    /// What the operation gives.
    pub gives: Gives,
    /// The author's text, for an overflow.
    pub text: &'k str,
}

impl<'k> Answer<'k> {
    /// A plain answer of a type that is copied.
    pub fn plain(kind: &'k TypeKind) -> Answer<'k> {
        Answer {
            kind,
            held: held(kind),
            gives: Gives::Value,
            text: "",
        }
    }

    /// An answer that may overflow.
    pub fn checked(kind: &'k TypeKind, text: &'k str) -> Answer<'k> {
        Answer {
            gives: Gives::Checked,
            text,
            ..Answer::plain(kind)
        }
    }
}

impl Lowering<'_> {
    /// Applies an operation where every operand is there.
    pub fn lift(&mut self, operands: Vec<Lowered>, answer: Answer<'_>, build: impl Fn(&[Code]) -> Code) -> Lowered {
        let local = operands.iter().any(|operand| operand.local) && answer.held == Held::Borrowed;
        let mut parts = Vec::new();
        let mut optional: Vec<(String, Code)> = Vec::new();
        for operand in operands {
            let is_optional = operand.optional;
            let code = self.code(operand, "value");
            if is_optional {
                let name = self.names.fresh("present");
                parts.push(Code::name(&name));
                optional.push((name, code));
            } else {
                parts.push(code);
            }
        }
        let body = build(&parts);
        let checked = failing(body.clone(), answer);
        let gives = answer.gives;
        let (code, is_optional) = match optional.split_first() {
            None if gives.fails() => (checked.tried(), gives.maybe()),
            None => (checked, gives.maybe()),
            Some(((first, code), others)) => {
                let (pattern, value) = zipped(first, code, others);
                let bound: Vec<_> = optional.iter().map(|(name, _)| name.as_str()).collect();
                let mapper = match function_of(&body, &optional) {
                    Some(function) if !gives.fails() => function,
                    _ => Code::closure(&pattern, &bound, &checked),
                };
                let method = if gives == Gives::Maybe { "and_then" } else { "map" };
                let mut code = Code::method(&value, method, &[mapper]);
                if gives.fails() {
                    code = Code::method(&code, "transpose", &[]).tried();
                }
                if gives.fails() && gives.maybe() {
                    code = Code::method(&code, "flatten", &[]);
                }
                (code, true)
            }
        };
        let mut lowered = Lowered::new(code, answer.kind, answer.held, is_optional);
        lowered.local = local;
        lowered
    }

    /// As [`Lowering::lift`], for an operation that gives a `Result` whose error is the row's.
    pub fn lift_failing(
        &mut self,
        operands: Vec<Lowered>,
        answer: Answer<'_>,
        build: impl Fn(&[Code]) -> Code,
    ) -> Lowered {
        let maybe = answer.gives == Gives::Maybe;
        let any = operands.iter().any(|operand| operand.optional);
        let called = Answer {
            gives: Gives::Value,
            ..answer
        };
        let lowered = self.lift(operands, called, build);
        let code = self.code(lowered, "called");
        let code = match (any, maybe) {
            (false, _) => code.tried(),
            (true, false) => Code::method(&code, "transpose", &[]).tried(),
            (true, true) => Code::method(&Code::method(&code, "transpose", &[]).tried(), "flatten", &[]),
        };
        Lowered::new(code, answer.kind, answer.held, any || maybe)
    }
}

/// With the reason why the row is turned away, where the operation has no answer.
fn failing(body: Code, answer: Answer<'_>) -> Code {
    let overflow = || reject("overflow", &pipec_runtime::reject::overflow(answer.text));
    match answer.gives {
        Gives::Value | Gives::Maybe => body,
        Gives::Checked | Gives::CheckedMaybe => Code::method(&body, "ok_or", &[overflow()]),
        Gives::Fails | Gives::FailsMaybe => {
            let closure = Code::closure("_", &[], &overflow());
            Code::method(&body, "map_err", &[closure])
        }
    }
}

/// Several values that may be missing as one, and the pattern of their names.
fn zipped(first: &str, code: &Code, others: &[(String, Code)]) -> (String, Code) {
    let start = (first.to_owned(), code.clone());
    others.iter().fold(start, |(pattern, value), (name, code)| {
        let value = Code::method(&value, "zip", std::slice::from_ref(code));
        (format!("({pattern}, {name})"), value)
    })
}

/// `function` of `function(present)`: a closure that only calls a function is that function.
fn function_of(body: &Code, optional: &[(String, Code)]) -> Option<Code> {
    let [(name, _)] = optional else { return None };
    let function = body.as_str().strip_suffix(&format!("({name})"))?;
    let is_path = function.chars().all(|c| c.is_alphanumeric() || "_:<>, ".contains(c));
    let mut code = Code::plain(function);
    code.uses.extend(body.uses.iter().filter(|used| *used != name).cloned());
    (is_path && !function.is_empty()).then_some(code)
}
