//! Values by chance, with those at the edges of every type among them; and how an author writes them.

use pipec::plan::expr::Literal;
use pipec::plan::types::{Column, Type, TypeKind};
use pipec_runtime::types::{Date, Timestamp, decimal};

use crate::chance::Chance;

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "b",
    "pipe",
    "Straße",
    "İstanbul",
    "ΟΔΥΣΣΕΥΣ",
    "ς",
    "e\u{301}te\u{301}",
    "été",
    "👩‍👩‍👧",
    "𝒳y",
    "  x\u{a0}",
    "\u{3000}z\u{2003}",
    "a,b,,c",
    "42",
    "-7",
    "4.50",
    "1e3",
    "0012",
    "true",
    "FALSE",
    "2026-01-31",
    "2026-03-29T02:30:00Z",
    "31.12.2025 23:59",
    "{\"b\":null,\"a\":[1,2.50]}",
    "[1,\"x\"]",
    "https://me@example.com:8080/a%20b?x=1&y=%C3%A9&x#top",
    "%_\\",
    "a%b_c",
    "a\nb\tc",
    "quote\"'`$1{}\\",
    "ﬁ",
    "ǆ",
    "\u{feff}bom",
    "\u{212a}elvin",
    "order 42 of 7",
    "k=v;x=y",
    "00000000-0000-0000-0000-00000000000A",
    "cGlwZQ==",
    "70697065",
    "zz",
    "Z\u{308}",
    "日本語",
    "\u{10ffff}",
    "a b  c",
];
const INTS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    7,
    10,
    12,
    42,
    100,
    -100,
    255,
    1_000,
    65_536,
    86_400_000,
    1_767_225_600,
    1_767_225_600_000,
    4_294_967_296,
    -9_007_199_254_740_993,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    i64::MIN + 1,
];
const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1.5,
    2.5,
    -2.5,
    0.1,
    0.285,
    1.005,
    3.0,
    100.0,
    1e10,
    1e-10,
    123_456.789,
    -273.15,
    48.8566,
    13.405,
    9.223_372_036_854_775e18,
    1e21,
    1e300,
    -1e300,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
];
const DAYS: &[i32] = &[
    0, -1, 1, 59, 60, 11_016, 19_781, 19_782, 20_453, 20_541, 20_546, 20_751, 20_818, -719_162, 2_932_896, 365,
];
const INSTANTS: &[i64] = &[
    0,
    -1,
    1,
    -1_000_000,
    999_999,
    951_782_399_999_999,
    1_709_208_000_000_000,
    1_767_225_600_000_000,
    1_767_225_599_999_999,
    // The night in which clocks of Paris go forward, and the one in which they go back, before and after.
    1_774_745_999_999_999,
    1_774_746_000_000_000,
    1_774_749_600_123_456,
    1_792_886_400_000_000,
    1_792_890_000_000_000,
    1_792_893_600_000_000,
    1_772_953_200_000_000,
    -2_208_988_800_000_000,
    4_102_444_800_000_000,
];
const LENGTHS: &[i64] = &[
    0,
    1,
    -1,
    1_000,
    999_999,
    1_000_000,
    90_000_000,
    3_600_000_000,
    -3_600_000_000,
    5_400_000_000,
    86_400_000_000,
    86_399_999_999,
    31_536_000_000_000,
    i64::MAX,
    i64::MIN,
];
const JSONS: &[&str] = &[
    "1",
    "2.50",
    "-0",
    "\"a\"",
    "\"42\"",
    "true",
    "[]",
    "[1,null,\"x\"]",
    "{}",
    "{\"a\":[{\"b\":7}],\"c\":\"x\"}",
    "{\"a\":{\"b\":null},\"d\":2.0}",
    "12345678901234567890123",
    "1e400",
    "\"é\\\"\"",
];
const IDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "ffffffff-ffff-4fff-8fff-ffffffffffff",
];

/// A value of a kind.
pub fn value(kind: &TypeKind, chance: &mut Chance) -> Literal {
    match kind {
        TypeKind::Bool => Literal::Bool(chance.percent(50)),
        TypeKind::Int => Literal::Int(chance.pick(INTS)),
        TypeKind::Float => Literal::Float(chance.pick(FLOATS)),
        TypeKind::Decimal { precision, scale } => Literal::Decimal {
            unscaled: digits(*precision, *scale, chance),
            scale: *scale,
        },
        TypeKind::Text => Literal::Text(chance.one(TEXTS).to_owned()),
        TypeKind::Bytes => Literal::Bytes(chance.one(TEXTS).as_bytes().to_vec()),
        TypeKind::Date => Literal::Date(chance.pick(DAYS)),
        TypeKind::Timestamp => Literal::Timestamp(chance.pick(INSTANTS)),
        TypeKind::Duration => Literal::Duration(chance.pick(LENGTHS)),
        TypeKind::Uuid => Literal::Uuid(chance.one(IDS).to_owned()),
        TypeKind::Json => Literal::Json(chance.one(JSONS).to_owned()),
        TypeKind::Enum { variants, .. } => Literal::Text(chance.pick(variants)),
        TypeKind::List(item) => {
            let count = chance.pick(&[0, 1, 2, 3, 5]);
            Literal::List((0..count).map(|_| value_of(item, chance, 25)).collect())
        }
        TypeKind::Map(item) => {
            let mut keys: Vec<&str> = ["", "a", "b", "é", "k"]
                .into_iter()
                .filter(|_| chance.percent(40))
                .collect();
            keys.sort_unstable();
            let entries = keys.into_iter().map(|key| (key.to_owned(), value_of(item, chance, 25)));
            Literal::Map(entries.collect())
        }
        TypeKind::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|field| (field.name.clone(), value_of(&field.ty, chance, 25)));
            Literal::Struct(fields.collect())
        }
        _ => Literal::Null,
    }
}

/// A value of a type, missing this often in a hundred where it may be.
pub fn value_of(ty: &Type, chance: &mut Chance, missing: usize) -> Literal {
    match ty.optional && chance.percent(missing) {
        true => Literal::Null,
        false => value(&ty.kind, chance),
    }
}

fn digits(precision: u8, scale: u8, chance: &mut Chance) -> i128 {
    let most = 10_i128.pow(u32::from(precision)) - 1;
    let one = 10_i128.pow(u32::from(scale));
    let found = match chance.below(10) {
        0 => 0,
        1 => most,
        2 => -most,
        3 => one,
        4 => 1,
        5 => -(one * 3 / 2),
        6 => one * 5 / 2,
        7 => most / 2,
        8 => chance.below(2_000_000) as i128 - 1_000_000,
        _ => one * chance.below(100) as i128 + one / 2,
    };
    found.clamp(-most, most)
}

/// A row; the first of them are missing, then empty, wherever they may be.
pub fn row(columns: &[Column], number: usize, chance: &mut Chance) -> Vec<Literal> {
    let missing = match number {
        0 => 100,
        1 => 0,
        _ => 20,
    };
    let mut row = Vec::new();
    for column in columns {
        row.push(match column.name.as_str() {
            "id" => Literal::Int(number as i64),
            // The rows' own times: within what a source lets in, and of one day.
            "at" => Literal::Timestamp(1_767_225_600_000_000 + number as i64 * 1_000_000),
            "day" => Literal::Date(20_454),
            _ => value_of(&column.ty, chance, missing),
        });
    }
    row
}

/// A value as an author writes it.
pub fn written(value: &Literal) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => format!("float(\"{}\")", float(*value)),
        Literal::Decimal { unscaled, scale } => decimal::Text(*unscaled, *scale).to_string(),
        Literal::Text(text) => quoted(text),
        Literal::Date(day) => format!("date(\"{}\")", Date(*day)),
        Literal::Timestamp(at) => format!("timestamp(\"{}\")", Timestamp(*at)),
        Literal::Uuid(id) => format!("uuid(\"{id}\")"),
        Literal::Duration(micros) => duration(*micros),
        Literal::Json(text) => format!("json({})", quoted(text)),
        Literal::Bytes(bytes) => quoted(&String::from_utf8_lossy(bytes)),
        Literal::List(items) => {
            let items: Vec<_> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        Literal::Map(fields) | Literal::Struct(fields) => format!("{{ {} }}", fields_written(fields)),
    }
}

/// `a: 1, b: 2`
pub fn fields_written(fields: &[(String, Literal)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        match name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && !name.is_empty() {
            true => format!("{name}: {}", written(value)),
            false => format!("{}: {}", quoted(name), written(value)),
        }
    });
    fields.collect::<Vec<_>>().join(", ")
}

fn float(value: f64) -> String {
    format!("{value:?}")
}

fn duration(micros: i64) -> String {
    match micros {
        _ if micros % 1_000_000 == 0 && micros >= 0 => format!("{} s", micros / 1_000_000),
        _ if micros % 1_000 == 0 && micros >= 0 => format!("{} ms", micros / 1_000),
        // No unit is as short: the distance of two instants is.
        _ => format!("timestamp(\"{}\") - timestamp(\"{}\")", Timestamp(micros), Timestamp(0)),
    }
}

/// A text with its escapes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '$' => out.push_str("\\$"),
            c if c.is_control() || c == '\u{feff}' => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
