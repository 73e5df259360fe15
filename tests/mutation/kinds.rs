//! The kinds of mistake: each finds every place of a file where it applies, and gives an edit for each.

use std::collections::BTreeSet;

use super::place::{Block, Place, Role, places};

/// One way to break one place of a file.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its kind.
    pub kind: &'static str,
    /// The first byte that is replaced.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// By what.
    pub text: String,
    /// A line, from 1, where it is as right to say it: the head of what lacks a setting, the first of two.
    pub also: Option<usize>,
}

/// A kind of mistake.
pub struct Kind {
    /// Its name in the table.
    pub name: &'static str,
    /// Why some of its mutants may still be right; empty if none may.
    pub may_be_right: &'static str,
    find: fn(&File<'_>, &mut Vec<Edit>),
}

/// An edit: bytes from, to, the text instead, another line where it may be said.
type Edit = (usize, usize, String, Option<usize>);

/// A file of a platform, and the words that the whole platform uses.
pub struct File<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its tokens.
    pub places: Vec<Place>,
    /// Every word of the platform, so that a misspelling is none of them.
    pub words: &'a BTreeSet<String>,
}

impl<'a> File<'a> {
    /// A file of a platform that uses these words.
    pub fn new(text: &'a str, words: &'a BTreeSet<String>) -> Self {
        let places = places(text);
        File { text, places, words }
    }

    /// Every mutant of a kind.
    pub fn mutants(&self, kind: &Kind) -> Vec<Mutant> {
        let mut edits = Vec::new();
        (kind.find)(self, &mut edits);
        edits.retain(|(start, end, text, _)| self.text.get(*start..*end) != Some(text));
        let mutant = |(start, end, text, also)| Mutant {
            kind: kind.name,
            start,
            end,
            text,
            also,
        };
        edits.into_iter().map(mutant).collect()
    }

    fn with(&self, role: Role) -> impl Iterator<Item = (usize, &Place)> {
        self.places
            .iter()
            .enumerate()
            .filter(move |(_, place)| place.role == role)
    }

    fn at(&self, index: usize) -> &str {
        self.places.get(index).map_or("", |place| &place.text)
    }

    fn before(&self, index: usize) -> &str {
        index.checked_sub(1).map_or("", |index| self.at(index))
    }

    /// A word that is nearly this one, and none that the platform uses.
    fn misspelt(&self, word: &str) -> String {
        let letters: Vec<char> = word.chars().collect();
        let drop = (letters.len() > 3).then(|| {
            let middle = letters.len() / 2;
            let kept = letters.iter().enumerate().filter(|(at, _)| *at != middle);
            kept.map(|(_, letter)| letter).collect::<String>()
        });
        let swap = (letters.len() > 2).then(|| {
            let mut letters = letters.clone();
            let middle = letters.len() / 2;
            letters.swap(middle, middle - 1);
            letters.into_iter().collect::<String>()
        });
        let mut tries = drop
            .into_iter()
            .chain(swap)
            .chain([format!("{word}z"), format!("{word}zz")]);
        let free = |found: &String| found != word && !self.words.contains(found);
        tries.find(free).unwrap_or_default()
    }

    fn misspell(&self, role: Role, edits: &mut Vec<Edit>) {
        for (_, place) in self.with(role) {
            edits.push((place.start, place.end, self.misspelt(&place.text), None));
        }
    }

    fn line_of(&self, byte: usize) -> usize {
        1 + self.text.get(..byte).map_or(0, |text| text.matches('\n').count())
    }

    /// The index of what closes a bracket.
    fn closer(&self, open: usize) -> Option<usize> {
        let depth = self.places.get(open)?.depth;
        let rest = self.places.iter().enumerate().skip(open + 1);
        rest.clone()
            .find(|(_, place)| place.role == Role::Close && place.depth == depth)
            .map(|(at, _)| at)
    }

    /// One past the last token of the entry that starts here: up to a comma or the end of its line, at its depth.
    fn entry_end(&self, start: usize) -> usize {
        let Some(first) = self.places.get(start) else {
            return start;
        };
        let mut at = start;
        while let Some(place) = self.places.get(at + 1) {
            let inside = place.depth > first.depth || place.role == Role::Close && place.depth == first.depth;
            let closes = place.role == Role::Close && place.depth < first.depth;
            if closes || !inside && (place.first || matches!(place.text.as_str(), "," | ";")) {
                break;
            }
            if place.item != first.item {
                break;
            }
            at += 1;
        }
        at + 1
    }

    /// The line of the bracket that opens the block around a token.
    fn head_line(&self, index: usize) -> Option<usize> {
        let depth = self.places.get(index)?.depth;
        let earlier = self.places.get(..index)?.iter().rev();
        let mut opens = earlier.filter(|place| place.role == Role::Open && place.depth < depth);
        opens.next().map(|place| place.line)
    }
}

/// Every kind, in the order of the table.
pub const KINDS: &[Kind] = &[
    kind(
        "delete a token",
        "what is optional may go: a default, a label, a setting's last part",
        delete,
    ),
    kind("double a token", "`--x`, a blank column of text", double),
    kind(
        "swap two neighbours",
        "both sides of `and`, names of a list, operands",
        swap,
    ),
    kind("misspell an item's keyword", "", |file, edits| {
        file.misspell(Role::ItemWord, edits)
    }),
    kind("misspell a step or clause", "", |file, edits| {
        file.misspell(Role::ClauseWord, edits)
    }),
    kind("misspell a keyword", "", |file, edits| {
        file.misspell(Role::Keyword, edits)
    }),
    kind(
        "misspell a setting",
        "names of a container's environment are free",
        |file, edits| file.misspell(Role::SettingName, edits),
    ),
    kind("misspell an argument's name", "", |file, edits| {
        file.misspell(Role::ArgumentName, edits)
    }),
    kind("misspell a variant", "", |file, edits| {
        file.misspell(Role::Variant, edits)
    }),
    kind("misspell a reference", "", |file, edits| {
        file.misspell(Role::Reference, edits)
    }),
    kind("misspell a column", "", |file, edits| {
        file.misspell(Role::Column, edits)
    }),
    kind("misspell a function", "", |file, edits| {
        file.misspell(Role::Function, edits)
    }),
    kind("misspell a unit", "", |file, edits| file.misspell(Role::Unit, edits)),
    kind("misspell a type", "", |file, edits| {
        file.misspell(Role::TypeName, edits)
    }),
    kind("misspell a label", "", |file, edits| file.misspell(Role::Label, edits)),
    kind("a name of another kind", "", other_kind),
    kind("unit of another dimension", "", dimension),
    kind("no unit", "a share or a count may stand alone", no_unit),
    kind(
        "a number for a text",
        "a column of a test may be any text or number",
        number_for_text,
    ),
    kind("a text for a number", "", text_for_number),
    kind("a text for a bool", "", text_for_bool),
    kind("no closing bracket", "", |file, edits| cut(file, Role::Close, edits)),
    kind("no opening bracket", "", |file, edits| cut(file, Role::Open, edits)),
    kind("a bracket of another form", "", other_bracket),
    kind("one brace too many", "", extra_brace),
    kind("no closing quote", "", no_quote),
    kind("quotes of another form", "", single_quotes),
    kind(
        "no `?? default`",
        "where nothing asks for a value that is there",
        no_default,
    ),
    kind(
        "a field that may be missing",
        "where nothing asks for a value that is there",
        optional,
    ),
    kind(
        "a label on a field",
        "where nobody without clearance sees it and nothing bounds it",
        labelled,
    ),
    kind("a labelled column in a grant", "", granted),
    kind("no `clear`", "the columns are hidden, and nothing names them", no_clear),
    kind(
        "no setting",
        "settings that have a default or may be left out",
        no_setting,
    ),
    kind("a setting twice", "", setting_twice),
    kind("an item twice", "", item_twice),
    kind("a field twice", "", field_twice),
    kind("no arrow", "", no_arrow),
    kind("a number out of bounds", "what has no upper bound", huge),
    kind("a negative number", "values of rows and of expressions", negative),
    kind("a keyword in capitals", "", capitals),
    kind("no comma", "a comma at the end of a line", no_comma),
    kind("an operator of another language", "", foreign_operator),
    kind("a semicolon at the end of a line", "", semicolons),
    kind("an item that is indented", "", indented),
    kind("a step in column 0", "", flush),
    kind("a type of another kind", "where nothing asks for it", other_type),
];

const fn kind(name: &'static str, may_be_right: &'static str, find: fn(&File<'_>, &mut Vec<Edit>)) -> Kind {
    Kind {
        name,
        may_be_right,
        find,
    }
}

fn delete(file: &File<'_>, edits: &mut Vec<Edit>) {
    edits.extend(
        file.places
            .iter()
            .map(|place| (place.start, place.end, String::new(), None)),
    );
}

fn double(file: &File<'_>, edits: &mut Vec<Edit>) {
    for place in &file.places {
        let gap = if place.role == Role::Mark { "" } else { " " };
        edits.push((place.end, place.end, format!("{gap}{}", place.text), None));
    }
}

fn swap(file: &File<'_>, edits: &mut Vec<Edit>) {
    for pair in file.places.windows(2) {
        let [left, right] = pair else { continue };
        if left.line == right.line && left.text != right.text {
            let between = file.text.get(left.end..right.start).unwrap_or("");
            // `a` and `b` without a space between would grow together.
            let text = format!("{}{between}{}", right.text, left.text);
            edits.push((left.start, right.end, text, None));
        }
    }
}

fn cut(file: &File<'_>, role: Role, edits: &mut Vec<Edit>) {
    edits.extend(
        file.with(role)
            .map(|(_, place)| (place.start, place.end, String::new(), None)),
    );
}

fn other_kind(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::Reference) {
        let alone = file.at(at + 1) != "." && file.before(at) != ".";
        let pipeline = file
            .places
            .iter()
            .position(|place| place.text == "pipeline" && place.role == Role::ItemWord);
        // A pipeline's name is nothing that a setting asks for.
        let name = pipeline.map_or("std", |at| file.at(at + 1));
        if alone && name != place.text && place.item_word != "test" {
            edits.push((place.start, place.end, name.to_owned(), None));
        }
    }
}

fn dimension(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::Unit) {
        let other = match place.text.as_str() {
            "B" | "KiB" | "MiB" | "GiB" | "TiB" => "days",
            "times" => "GiB",
            _ if file.before(at) == "per" => "GiB",
            _ => "MiB",
        };
        edits.push((place.start, place.end, other.to_owned(), None));
    }
}

fn no_unit(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::Unit) {
        if let Some(number) = at
            .checked_sub(1)
            .and_then(|at| file.places.get(at))
            .filter(|p| p.role == Role::Number)
        {
            edits.push((number.end, place.end, String::new(), None));
        }
    }
}

fn number_for_text(file: &File<'_>, edits: &mut Vec<Edit>) {
    let titles = file.with(Role::Text).filter(|(_, place)| place.block != Block::Head);
    edits.extend(titles.map(|(_, place)| (place.start, place.end, "42".to_owned(), None)));
}

fn text_for_number(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::Number) {
        edits.push((place.start, place.end, format!("\"{}\"", place.text), None));
    }
}

fn text_for_bool(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::Bool) {
        edits.push((place.start, place.end, "\"yes\"".to_owned(), None));
    }
}

fn other_bracket(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::Close) {
        let other = match place.text.as_str() {
            "}" => "]",
            "]" => ")",
            _ => "}",
        };
        edits.push((place.start, place.end, other.to_owned(), None));
    }
}

fn extra_brace(file: &File<'_>, edits: &mut Vec<Edit>) {
    for pair in file.places.windows(2) {
        let [last, next] = pair else { continue };
        if next.first && last.role != Role::Text {
            edits.push((last.end, last.end, " }".to_owned(), None));
        }
    }
}

fn no_quote(file: &File<'_>, edits: &mut Vec<Edit>) {
    edits.extend(
        file.with(Role::Text)
            .map(|(_, place)| (place.end - 1, place.end, String::new(), None)),
    );
}

fn single_quotes(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::Text) {
        edits.push((place.start, place.end, place.text.replace('"', "'"), None));
    }
}

/// `?? default` without what stands behind it at its depth.
fn no_default(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::Mark).filter(|(_, place)| place.text == "??") {
        let rest = file.places.iter().enumerate().skip(at + 1);
        let ends = |other: &Place| {
            other.depth < place.depth || other.first || matches!(other.text.as_str(), "," | "as" | "else" | "=>")
        };
        let end = rest
            .clone()
            .find(|(_, other)| ends(other))
            .map_or(file.places.len(), |(end, _)| end);
        if let Some(last) = file.places.get(end - 1) {
            edits.push((place.start, last.end, String::new(), None));
        }
    }
}

/// The end of each field's type.
fn field_types<'f>(file: &'f File<'_>) -> impl Iterator<Item = (usize, &'f Place)> {
    let fields = file
        .with(Role::NewName)
        .filter(|(_, place)| place.block == Block::Fields);
    fields.filter_map(|(at, name)| {
        let mut end = at + 2;
        if matches!(file.at(end + 1), "(" | "{") {
            end = file.closer(end + 1)?;
        } else if file.at(end + 1) == "<" {
            let rest = file.places.iter().enumerate().skip(end);
            end = rest
                .clone()
                .find(|(_, place)| place.text == ">" && place.depth == name.depth)?
                .0;
        }
        Some((end, file.places.get(end)?))
    })
}

fn optional(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, last) in field_types(file) {
        if file.at(at + 1) != "?" {
            edits.push((last.end, last.end, "?".to_owned(), None));
        }
    }
}

fn labelled(file: &File<'_>, edits: &mut Vec<Edit>) {
    let classes: Vec<_> = file
        .words
        .iter()
        .filter_map(|word| word.strip_prefix("class "))
        .collect();
    for (at, last) in field_types(file) {
        let (at, last) = match file.places.get(at + 1) {
            Some(mark) if mark.text == "?" => (at + 1, mark),
            _ => (at, last),
        };
        let labels = file
            .places
            .iter()
            .skip(at + 1)
            .take_while(|place| !place.first && place.text != ",");
        let taken: Vec<_> = labels.map(|place| place.text.as_str()).collect();
        if let Some(class) = classes.iter().find(|class| !taken.contains(*class)) {
            edits.push((last.end, last.end, format!(" @{class}"), None));
        }
    }
}

/// Each pseudonym of the file, added to the columns that a grant names.
fn granted(file: &File<'_>, edits: &mut Vec<Edit>) {
    let fresh = |at: usize| file.at(at + 1) == "=" && file.at(at + 2) == "pseudonym";
    let labelled = file.words.iter().filter_map(|word| word.strip_prefix("pseudonym "));
    let own = file
        .with(Role::NewName)
        .filter(|(at, _)| fresh(*at))
        .map(|(_, place)| place.text.as_str());
    let labelled: BTreeSet<&str> = labelled.chain(own).collect();
    for (at, place) in file.with(Role::Keyword).filter(|(_, place)| place.text == "columns") {
        let Some(open) = file.places.get(at + 1) else { continue };
        for column in labelled.iter().filter(|_| place.item_word == "access") {
            edits.push((open.end, open.end, format!("{column}, "), None));
        }
    }
}

fn no_clear(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::ClauseWord).filter(|(_, place)| place.text == "clear") {
        // A `;` in front of it goes with it.
        let start = at
            .checked_sub(1)
            .and_then(|at| file.places.get(at))
            .filter(|place| place.text == ";");
        if let Some(last) = file.places.get(file.entry_end(at) - 1) {
            edits.push((
                start.map_or(place.start, |mark| mark.start),
                last.end,
                String::new(),
                None,
            ));
        }
    }
}

fn no_setting(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file
        .with(Role::SettingName)
        .filter(|(_, place)| place.item_word != "env")
    {
        let end = file.entry_end(at);
        let Some(last) = file.places.get(end - 1) else { continue };
        // The comma behind it, or else the one before it, goes too.
        let comma = file.places.get(end).filter(|next| next.text == ",");
        let before = at.checked_sub(1).and_then(|at| file.places.get(at));
        let before = before.filter(|mark| comma.is_none() && mark.text == "," && mark.line == place.line);
        let start = before.map_or(place.start, |mark| mark.start);
        let stop = comma.map_or(last.end, |mark| mark.end);
        edits.push((start, stop, String::new(), file.head_line(at)));
    }
}

fn setting_twice(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file
        .with(Role::SettingName)
        .filter(|(_, place)| place.item_word != "env")
    {
        let Some(last) = file.places.get(file.entry_end(at) - 1) else {
            continue;
        };
        let own_line = place.first && file.places.get(file.entry_end(at)).is_none_or(|next| next.first);
        let gap = if own_line { "\n  " } else { ", " };
        let entry = file.text.get(place.start..last.end).unwrap_or("");
        edits.push((last.end, last.end, format!("{gap}{entry}"), None));
    }
}

fn item_twice(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::ItemWord) {
        let end = file
            .places
            .iter()
            .skip(at)
            .take_while(|other| other.item == place.item)
            .last();
        let text = file
            .text
            .get(place.start..end.map_or(place.end, |last| last.end))
            .unwrap_or("");
        let also = Some(file.line_of(place.start) + text.matches('\n').count() + 1);
        edits.push((place.start, place.start, format!("{text}\n"), also));
    }
}

fn field_twice(file: &File<'_>, edits: &mut Vec<Edit>) {
    let fields = file.with(Role::NewName);
    for (at, place) in fields.filter(|(_, place)| matches!(place.block, Block::Fields | Block::Entries)) {
        let Some(last) = file.places.get(file.entry_end(at) - 1) else {
            continue;
        };
        let entry = file.text.get(place.start..last.end).unwrap_or("");
        edits.push((last.end, last.end, format!(", {entry}"), None));
    }
}

fn no_arrow(file: &File<'_>, edits: &mut Vec<Edit>) {
    let arrows = file
        .with(Role::Mark)
        .filter(|(_, place)| matches!(place.text.as_str(), "->" | "=>"));
    edits.extend(arrows.map(|(_, place)| (place.start, place.end, String::new(), None)));
}

fn huge(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::Number).filter(|(_, place)| place.item_word != "test") {
        edits.push((place.start, place.end, "99_999_999_999".to_owned(), None));
    }
}

fn negative(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.with(Role::Number) {
        if file.before(at) != "-" {
            edits.push((place.start, place.start, "-".to_owned(), None));
        }
    }
}

fn capitals(file: &File<'_>, edits: &mut Vec<Edit>) {
    for place in &file.places {
        if matches!(
            place.role,
            Role::ItemWord | Role::ClauseWord | Role::Keyword | Role::Bool
        ) {
            edits.push((place.start, place.end, place.text.to_uppercase(), None));
        }
    }
}

fn no_comma(file: &File<'_>, edits: &mut Vec<Edit>) {
    let commas = file.with(Role::Mark).filter(|(_, place)| place.text == ",");
    edits.extend(commas.map(|(_, place)| (place.start, place.end, String::new(), None)));
}

fn foreign_operator(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (at, place) in file.places.iter().enumerate() {
        // The environment of a container, `env = { LICENSE = … }`, is a map, and a map is written with either mark.
        if file.before(at).chars().all(|letter| letter.is_ascii_uppercase()) && !file.before(at).is_empty() {
            continue;
        }
        let others: &[&str] = match (place.role, place.text.as_str()) {
            (Role::Mark, "==") => &["=", "==="],
            (Role::Mark, "=") => &["==", ":", ":="],
            (Role::Mark, "!=") => &["<>", "="],
            (Role::Mark, "<=") => &["=<"],
            (Role::Mark, "->") => &["=>", ">"],
            (Role::Mark, ":") => &["=", "::"],
            (Role::Mark, "??") => &["?:", "||"],
            (Role::Mark, "..") => &["...", "-"],
            (Role::Keyword, "and") => &["&&", "&"],
            (Role::Keyword, "or") => &["||", "|"],
            (Role::Keyword, "not") => &["!"],
            _ => &[],
        };
        edits.extend(
            others
                .iter()
                .map(|other| (place.start, place.end, (*other).to_owned(), None)),
        );
    }
}

fn semicolons(file: &File<'_>, edits: &mut Vec<Edit>) {
    for pair in file.places.windows(2) {
        let [last, next] = pair else { continue };
        let entry = !matches!(last.role, Role::Open) && last.text != ",";
        if next.first && entry && matches!(next.block, Block::Settings | Block::Fields | Block::Entries) {
            let clause = next.role == Role::ClauseWord;
            if !clause && next.role != Role::Close {
                edits.push((last.end, last.end, ";".to_owned(), None));
            }
        }
    }
}

fn indented(file: &File<'_>, edits: &mut Vec<Edit>) {
    edits.extend(
        file.with(Role::ItemWord)
            .map(|(_, place)| (place.start, place.start, "  ".to_owned(), None)),
    );
}

fn flush(file: &File<'_>, edits: &mut Vec<Edit>) {
    let inside = |place: &&Place| place.first && place.depth > 0 && place.role != Role::Close;
    for place in file.places.iter().filter(inside) {
        let start = file
            .text
            .get(..place.start)
            .and_then(|text| text.rfind('\n'))
            .map_or(0, |at| at + 1);
        edits.push((start, place.start, String::new(), None));
    }
}

fn other_type(file: &File<'_>, edits: &mut Vec<Edit>) {
    for (_, place) in file.with(Role::TypeName) {
        let other = match place.text.as_str() {
            "string" | "uuid" => "int",
            "int" | "float" | "date" | "timestamp" | "bool" => "string",
            _ => continue,
        };
        edits.push((place.start, place.end, other.to_owned(), None));
    }
}
