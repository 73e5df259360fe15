//! Prints blocks, statements and values as rustfmt leaves them. Changes nothing of what they say.

use unicode_width::UnicodeWidthStr;

use super::{Block, Closure, Code, Statement, Value, WIDTH};

impl Value {
    fn print(&self, out: &mut String, indent: usize) {
        match self {
            Value::Code(code) => out.push_str(&code.text),
            Value::If(parts) => {
                let (condition, then, otherwise) = &**parts;
                out.push_str(&format!("if {} {{\n", condition.text));
                then.print(out, indent + 4);
                out.push_str(&format!("{:indent$}}} else ", ""));
                if let (true, Value::If(_)) = (otherwise.statements.is_empty(), &otherwise.value) {
                    return otherwise.value.print(out, indent);
                }
                out.push_str("{\n");
                otherwise.print(out, indent + 4);
                out.push_str(&format!("{:indent$}}}", ""));
            }
            Value::Match(parts) => {
                let (value, arms) = &**parts;
                out.push_str(&format!("match {} {{\n", value.text));
                for (pattern, block) in arms {
                    print_arm(pattern, block, out, indent + 4);
                }
                out.push_str(&format!("{:indent$}}}", ""));
            }
            Value::Closure(closure) => closure.print(out, indent),
            Value::Fields(parts) => {
                let (name, fields) = &**parts;
                let line: Vec<_> = fields.iter().map(|(field, value)| short_field(field, value)).collect();
                let line = format!("{} {{ {} }}", name.text, line.join(", "));
                if column(out) + line.width() < WIDTH {
                    return out.push_str(&line);
                }
                out.push_str(&format!("{} {{\n", name.text));
                let inner = indent + 4;
                for (field, value) in fields {
                    out.push_str(&format!("{:inner$}{},\n", "", short_field(field, value)));
                }
                out.push_str(&format!("{:indent$}}}", ""));
            }
        }
    }
}

impl Block {
    fn print(&self, out: &mut String, indent: usize) {
        print_statements(&self.statements, out, indent);
        out.push_str(&format!("{:indent$}", ""));
        self.value.print(out, indent);
        out.push('\n');
    }

    /// As [`Block::print`], with its value, which is code on one line, as what went well.
    fn print_in_ok(&self, out: &mut String, indent: usize) {
        print_statements(&self.statements, out, indent);
        match &self.value {
            // What is only ever turned away has no value.
            Value::Code(code) if code.text.starts_with("return ") => {
                out.push_str(&format!("{:indent$}{}\n", "", code.text.trim_start_matches("return ")));
            }
            value => {
                out.push_str(&format!("{:indent$}Ok(", ""));
                value.print(out, indent);
                out.push_str(")\n");
            }
        }
    }
}

/// `field: value`, or `field` alone where they are the same.
pub(super) fn short_field(field: &str, value: &Code) -> String {
    if field == value.text {
        field.to_owned()
    } else {
        format!("{field}: {}", value.text)
    }
}

/// How far the last line reaches.
fn column(out: &str) -> usize {
    out.rsplit('\n').next().unwrap_or(out).width()
}

/// `pattern => value,` on one line where it fits.
fn print_arm(pattern: &str, block: &Block, out: &mut String, indent: usize) {
    if let (true, Value::Code(code)) = (block.statements.is_empty(), &block.value) {
        let line = format!("{:indent$}{pattern} => {},\n", "", code.text);
        if line.trim_end().width() <= WIDTH {
            return out.push_str(&line);
        }
    }
    if let (true, Value::Match(_) | Value::Closure(_) | Value::Fields(_)) = (block.statements.is_empty(), &block.value)
    {
        out.push_str(&format!("{:indent$}{pattern} => ", ""));
        block.value.print(out, indent);
        return out.push_str(",\n");
    }
    out.push_str(&format!("{:indent$}{pattern} => {{\n", ""));
    block.print(out, indent + 4);
    out.push_str(&format!("{:indent$}}}\n", ""));
}

impl Closure {
    fn print(&self, out: &mut String, indent: usize) {
        let after = if self.tried { ")?" } else { ")" };
        out.push_str(&format!("{}{} ", self.before.text, self.parameters));
        let alone = self.body.statements.is_empty() && !self.tried;
        if let (true, Value::Match(_) | Value::Fields(_) | Value::Closure(_)) = (alone, &self.body.value) {
            self.body.value.print(out, indent);
            return out.push_str(after);
        }
        out.push_str("{\n");
        if self.tried {
            self.body.print_in_ok(out, indent + 4);
        } else {
            self.body.print(out, indent + 4);
        }
        out.push_str(&format!("{:indent$}}}{after}", ""));
    }
}

/// Prints statements, a line each or more.
pub fn print_statements(statements: &[Statement], out: &mut String, indent: usize) {
    for statement in statements {
        match statement {
            Statement::Comment(text) => out.push_str(&format!("{:indent$}// {text}\n", "")),
            Statement::Let { name, ty, value } => {
                let ty = ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default();
                out.push_str(&format!("{:indent$}let {name}{ty} = ", ""));
                value.print(out, indent);
                out.push_str(";\n");
            }
            Statement::If(condition, body) => {
                let inner = indent + 4;
                out.push_str(&format!("{:indent$}if {} {{\n", "", condition.text));
                for code in body {
                    out.push_str(&format!("{:inner$}{};\n", "", code.text));
                }
                out.push_str(&format!("{:indent$}}}\n", ""));
            }
            Statement::Gather(name) => out.push_str(&format!("{:indent$}let mut {name} = Vec::new();\n", "")),
            Statement::Do(code) => out.push_str(&format!("{:indent$}{};\n", "", code.text)),
            Statement::Each { head, body, end, .. } => {
                let (inner, innermost) = (indent + 4, indent + 8);
                out.push_str(&format!(
                    "{:indent$}{} {{\n{:inner$}out.each(|out| {{\n",
                    "", head.text, ""
                ));
                print_statements(body, out, innermost);
                out.push_str(&format!("{:innermost$}{}\n", "", end.text));
                out.push_str(&format!("{:inner$}}});\n{:indent$}}}\n", "", ""));
            }
            Statement::Nest { head, body, .. } => {
                out.push_str(&format!("{:indent$}{} {{\n", "", head.text));
                print_statements(body, out, indent + 4);
                out.push_str(&format!("{:indent$}}}\n", ""));
            }
        }
    }
}

/// Prints a function's body: its value as what went well, where it may fail.
pub fn print_block(block: &Block, out: &mut String, indent: usize, fails: bool) {
    match fails {
        true => block.print_in_ok(out, indent),
        false => block.print(out, indent),
    }
}
