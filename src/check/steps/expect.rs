//! `expect NAME : COND else quarantine|drop|warn|fail`

use crate::base::suggest;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Otherwise, StepKind};
use crate::syntax::ast;

use super::Steps;

const WORDS: [&str; 4] = ["quarantine", "drop", "warn", "fail"];

impl Steps<'_> {
    pub(super) fn expect(
        &mut self,
        name: &ast::Name,
        condition: &ast::Expr,
        otherwise: &ast::Name,
    ) -> Option<StepKind> {
        let what = format!("what `{}` expects", name.text);
        let typed = self.condition(condition, &what);
        if let Some(first) = self.expects.iter().find(|first| first.text == name.text) {
            let diagnostic = Diagnostic::new(
                Code::EXPECT,
                name.span,
                format!("two `expect`s are called `{}`", name.text),
            )
            .found("the second one")
            .label(first.span, "the first one");
            self.diagnostics
                .push(diagnostic.help("give it another name, so that its count is its own"));
            self.broken = true;
        } else {
            self.expects.push(name.clone());
        }
        let otherwise = self.otherwise(otherwise)?;
        (!typed.is_error()).then(|| StepKind::Expect {
            name: name.text.clone(),
            condition: typed.expr,
            otherwise,
        })
    }

    fn otherwise(&mut self, word: &ast::Name) -> Option<Otherwise> {
        let diagnostic = match word.text.as_str() {
            "quarantine" => return Some(Otherwise::Quarantine),
            "drop" => return Some(Otherwise::Drop),
            "warn" => return Some(Otherwise::Warn),
            "fail" => return Some(Otherwise::Fail),
            other => {
                let message = format!("`expect` cannot `{other}` the other rows");
                let diagnostic = Diagnostic::new(Code::EXPECT, word.span, message)
                    .found("`quarantine`, `drop`, `warn` or `fail` is expected");
                match suggest(other, WORDS) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        word.span,
                        near,
                    ),
                    None => diagnostic.help("write `else quarantine`"),
                }
            }
        };
        self.diagnostics.push(diagnostic);
        None
    }
}
