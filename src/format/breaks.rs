//! Breaks up blocks on one line that are too wide for it.

use crate::syntax::tokens::{Token, TokenKind, scan};

/// The text with each outermost block of a line that is too wide put on lines of its own; nothing if all fit.
pub fn break_long(text: &str, width: usize) -> Option<String> {
    let tokens = scan(text);
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let length = rest
            .iter()
            .skip(1)
            .position(|token| token.first)
            .map_or(rest.len(), |at| at + 1);
        let (line, next) = rest.split_at(length);
        if is_wide(text, line, width)
            && let Some((open, close)) = widest_block(text, line)
        {
            for (at, token) in line.iter().enumerate().take(close + 1).skip(open) {
                break_at(text, line, (open, close), at, *token, &mut out, &mut copied);
            }
        }
        rest = next;
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    (copied > 0).then_some(out)
}

fn is_wide(text: &str, line: &[Token], width: usize) -> bool {
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return false;
    };
    let written = text.get(first.start..last.end).unwrap_or("");
    let code = !first.is_comment() && first.kind != TokenKind::Doc;
    code && !written.contains('\n') && first.indent + written.chars().count() > width
}

/// The longest outermost `{ … }` of settings, fields or steps on a line: the indexes of its brackets.
fn widest_block(text: &str, line: &[Token]) -> Option<(usize, usize)> {
    let mut open: Vec<usize> = Vec::new();
    let mut found: Option<(usize, usize)> = None;
    for (at, token) in line.iter().enumerate() {
        match token.kind {
            TokenKind::Open => open.push(at),
            TokenKind::Close => {
                let Some(start) = open.pop() else { continue };
                let outermost = open.is_empty() && token.text(text) == "}" && start > 0 && at > start + 1;
                let wider = found.is_none_or(|(from, to)| at - start > to - from);
                if outermost && wider {
                    found = Some((start, at));
                }
            }
            _ => {}
        }
    }
    found
}

/// Copies the text up to a token of the block, with a line break where an entry starts or the block ends.
fn break_at(
    text: &str,
    line: &[Token],
    block: (usize, usize),
    at: usize,
    token: Token,
    out: &mut String,
    copied: &mut usize,
) {
    let (open, close) = block;
    let before = line.get(open + 1..at).unwrap_or(&[]);
    let depth = before.iter().fold(0usize, |depth, token| match token.kind {
        TokenKind::Open => depth + 1,
        TokenKind::Close => depth.saturating_sub(1),
        _ => depth,
    });
    let separates = depth == 0 && at > open && at < close && separator(text, line, at);
    if at == open {
        out.push_str(text.get(*copied..token.end).unwrap_or(""));
        out.push('\n');
        *copied = token.end;
    } else if separates {
        out.push_str(text.get(*copied..token.start).unwrap_or(""));
        out.push('\n');
        *copied = token.end;
    } else if at == close {
        out.push_str(text.get(*copied..token.start).unwrap_or(""));
        out.push('\n');
        *copied = token.start;
    }
}

/// Whether a token separates entries: `;`, or a `,` with `name =` or `name :` behind it.
fn separator(text: &str, line: &[Token], at: usize) -> bool {
    let word = |at: usize| line.get(at).map_or("", |token| token.text(text));
    let mut end = at + 1;
    while line
        .get(end)
        .is_some_and(|token| token.kind == TokenKind::Word || word(end) == ".")
    {
        end += 1;
    }
    word(at) == ";" || word(at) == "," && end > at + 1 && matches!(word(end), "=" | ":")
}
