//! The standard library's scalar functions as Trino writes them: one table, a line for each form of a function. What is not in
//! it is refused for Athena. It must not know how SQL is built.
//!
//! A spelling is SQL with places for the arguments:
//!
//! | place | what stands there |
//! |---|---|
//! | `$0` | the argument |
//! | `#0` | the argument's canonical text |
//! | `^1` | the argument, a regular expression, in Java's syntax |
//! | `~2` | the argument, a replacement in Java's syntax, for the expression before it |
//! | `%T` | the type of the answer |
//! | `%S` | the pattern of its digits, for an answer that is a decimal |
//!
//! Beside the kinds of arguments that an author knows, `small` is a literal that is no negative number, `some` a text that is
//! written and not empty, `solid` a regular expression that finds nothing empty, `utc` the zone `"UTC"`, `zone` any other, and `list:plain` a list of what Trino compares as the
//! language does.

use pipec_runtime::functions::regex_java;

use super::expr::{Expr, ExprKind, Literal};
use super::types::{Type, TypeKind};

/// How a form of a function is written.
#[derive(Debug)]
pub struct Spelling {
    /// The function.
    pub name: &'static str,
    /// The kinds of its arguments, a word each.
    pub takes: &'static str,
    /// The answer.
    pub value: &'static str,
    /// When the answer `$0` does not fit, which fails the query.
    pub fails: &'static str,
}

/// Lines of the table: kinds, answer, and what may go wrong.
macro_rules! table {
    ($($name:literal ($takes:literal) $value:literal $(or $fails:literal)?;)*) => {
        /// All forms of all functions; of two that fit the first counts.
        pub const TABLE: &[Spelling] = &[$(Spelling {
            name: $name,
            takes: $takes,
            value: $value,
            fails: table!(@fails $($fails)?),
        }),*];
    };
    (@fails $fails:literal) => { $fails };
    (@fails) => { "" };
}

table! {
    "len" ("text") "length($0)";
    "is_empty" ("text") "$0 = ''";
    "is_blank" ("text") r"NOT regexp_like($0, '[^\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]')";
    "trim" ("text") r"regexp_replace($0, '\A[\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+|[\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+\z')";
    "trim_start" ("text") r"regexp_replace($0, '\A[\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+')";
    "trim_end" ("text") r"regexp_replace($0, '[\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+\z')";
    "trim" ("text some") "trim(BOTH $1 FROM $0)";
    "trim_start" ("text some") "trim(LEADING $1 FROM $0)";
    "trim_end" ("text some") "trim(TRAILING $1 FROM $0)";
    "left" ("text small") "substr($0, 1, $1)";
    "left" ("text int") "substr($0, 1, least(greatest($1, 0), length($0)))";
    "right" ("text int") "substr($0, length($0) - least(greatest($1, 0), length($0)) + 1)";
    "slice" ("text small small") "substr($0, $1 + 1, $2 - $1)";
    "slice" ("text int int") "substr($0, least(greatest($1, 0), length($0)) + 1, least(greatest($2, 0), length($0)) - least(greatest($1, 0), length($0)))";
    "slice" ("text small") "substr($0, $1 + 1)";
    "slice" ("text int") "substr($0, least(greatest($1, 0), length($0)) + 1)";
    "replace" ("text some text") "replace($0, $1, $2)";
    "split" ("text some") "split($0, $1)";
    "starts_with" ("text text") "starts_with($0, $1)";
    "ends_with" ("text text") "substr($0, -length($1)) = $1";
    "contains" ("text text") "strpos($0, $1) > 0";
    "index_of" ("text text") "nullif(strpos($0, $1), 0) - 1";
    "count_of" ("text some") "cardinality(split($0, $1)) - 1";
    "reverse" ("text") "reverse($0)";
    "remove_prefix" ("text text") "CASE WHEN starts_with($0, $1) THEN substr($0, length($1) + 1) WHEN $1 IS NOT NULL THEN $0 END";
    "remove_suffix" ("text text") "CASE WHEN substr($0, -length($1)) = $1 THEN substr($0, 1, length($0) - length($1)) WHEN $1 IS NOT NULL THEN $0 END";
    "before" ("text text") "CASE WHEN strpos($0, $1) > 0 THEN substr($0, 1, strpos($0, $1) - 1) END";
    "after" ("text text") "CASE WHEN strpos($0, $1) > 0 THEN substr($0, strpos($0, $1) + length($1)) END";
    "pad_left" ("text small some") "CASE WHEN length($0) < $1 THEN lpad($0, $1, $2) ELSE $0 END";
    "pad_right" ("text small some") "CASE WHEN length($0) < $1 THEN rpad($0, $1, $2) ELSE $0 END";
    "code_point" ("text") "CASE WHEN $0 <> '' THEN CAST(codepoint(CAST(substr($0, 1, 1) AS varchar(1))) AS bigint) END";
    "levenshtein" ("text text") "levenshtein_distance($0, $1)";

    "regex_replace" ("text solid text") "regexp_replace($0, ^1, ~2)";
    "regex_extract" ("text text int") "regexp_extract($0, ^1, $2)";
    "regex_extract_all" ("text solid int") "regexp_extract_all($0, ^1, $2)";
    "regex_count" ("text solid") "regexp_count($0, ^1)";
    "regex_split" ("text solid") "regexp_split($0, ^1)";

    "int" ("text") r"CASE WHEN regexp_like($0, '\A[+-]?[0-9]+\z') THEN TRY_CAST($0 AS bigint) END";
    "int" ("int") "$0";
    "int" ("float") "TRY_CAST(truncate($0) AS bigint)";
    "int" ("decimal") "TRY_CAST(truncate($0) AS bigint)";
    "float" ("text") r"CASE WHEN regexp_like($0, '\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z') AND NOT is_infinite(TRY_CAST($0 AS double)) THEN TRY_CAST($0 AS double) END";
    "float" ("int") "CAST($0 AS double)";
    "float" ("decimal") "@float";
    "decimal" ("text int int") "CASE WHEN regexp_like($0, '%S') THEN TRY_CAST($0 AS %T) END";
    "decimal" ("decimal int int") "TRY_CAST($0 AS %T)";
    "bool" ("text") "CASE WHEN $0 = 'true' THEN TRUE WHEN $0 = 'false' THEN FALSE END";
    "text" ("json") "@none";
    "text" ("float any") "@none";
    "text" ("any") "#0";
    "uuid" ("text") r"CASE WHEN regexp_like($0, '\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\z') THEN lower($0) END";

    "sha256" ("any") "lower(to_hex(sha256(to_utf8(#0))))";
    "sha512" ("any") "lower(to_hex(sha512(to_utf8(#0))))";
    "sha1" ("any") "lower(to_hex(sha1(to_utf8(#0))))";
    "md5" ("any") "lower(to_hex(md5(to_utf8(#0))))";
    "crc32" ("any") "crc32(to_utf8(#0))";
    "base64" ("text") "to_base64(to_utf8($0))";
    "hex" ("text") "lower(to_hex(to_utf8($0)))";

    "greatest" ("plain plain") "greatest($0, $1)";
    "greatest" ("plain plain plain") "greatest($0, $1, $2)";
    "least" ("plain plain") "least($0, $1)";
    "least" ("plain plain plain") "least($0, $1, $2)";
    "clamp" ("plain plain plain") "greatest(least($0, $2), $1)";
    "null_if" ("plain plain") "nullif($0, $1)";
    "first_present" ("any any any") "coalesce($0, $1, $2)";

    "abs" ("int") "abs($0)";
    "abs" ("decimal") "abs($0)";
    "abs" ("float") "abs($0)";
    "sign" ("int") "sign($0)";
    "sign" ("decimal") "CAST(sign($0) AS bigint)";
    "round" ("decimal int") "CAST(round($0, $1) AS %T)";
    "floor" ("decimal") "CAST(floor($0) AS %T)";
    "floor" ("float") "floor($0)";
    "ceil" ("decimal") "CAST(ceiling($0) AS %T)";
    "ceil" ("float") "ceiling($0)";
    "div" ("int int") "CASE WHEN $1 = -1 THEN -$0 ELSE $0 / nullif($1, 0) END";
    "mod" ("int int") "CASE WHEN $0 % nullif($1, 0) <> 0 AND ($0 < 0) <> ($1 < 0) THEN $0 % $1 + $1 ELSE $0 % nullif($1, 0) END";
    "sqrt" ("float") "CASE WHEN is_nan($0) OR $0 >= 0 THEN sqrt($0) END";
    "cbrt" ("float") "cbrt($0)";
    "exp" ("float") "exp($0)" or "is_infinite($0)";
    "ln" ("float") "CASE WHEN is_nan($0) OR $0 > 0 THEN ln($0) END";
    "log10" ("float") "CASE WHEN is_nan($0) OR $0 > 0 THEN log10($0) END";
    "log2" ("float") "CASE WHEN is_nan($0) OR $0 > 0 THEN log2($0) END";
    "sin" ("float") "sin($0)";
    "cos" ("float") "cos($0)";
    "tan" ("float") "tan($0)";
    "asin" ("float") "CASE WHEN is_nan($0) OR $0 BETWEEN -1 AND 1 THEN asin($0) END";
    "acos" ("float") "CASE WHEN is_nan($0) OR $0 BETWEEN -1 AND 1 THEN acos($0) END";
    "atan" ("float") "atan($0)";
    "atan2" ("float float") "atan2($0 + 0e0, $1 + 0e0)";
    "degrees" ("float") "degrees($0)" or "is_infinite($0)";
    "radians" ("float") "radians($0)";
    "pi" ("") "pi()";
    "is_nan" ("float") "is_nan($0)";
    "bit_and" ("int int") "bitwise_and($0, $1)";
    "bit_or" ("int int") "bitwise_or($0, $1)";
    "bit_xor" ("int int") "bitwise_xor($0, $1)";
    "bit_count" ("int") "bit_count($0, 64)";

    "date" ("timestamp") "CAST($0 AS date)";
    "date" ("timestamp utc") "CAST($0 AS date)";
    "date" ("timestamp zone") "CAST(with_timezone($0, 'UTC') AT TIME ZONE $1 AS date)";
    "date" ("text") r"CASE WHEN regexp_like($0, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z') AND $0 >= '0001' THEN TRY_CAST($0 AS date) END";
    "date" ("int int int") "CASE WHEN $0 BETWEEN 1 AND 9999 AND $1 BETWEEN 1 AND 12 AND $2 BETWEEN 1 AND 31 THEN TRY_CAST(format('%04d-%02d-%02d', $0, $1, $2) AS date) END";
    "timestamp" ("text") r"CASE WHEN regexp_like($0, '\A[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z') AND $0 >= '0001' THEN TRY(CAST(from_iso8601_timestamp_nanos(regexp_replace($0, '(\.[0-9]{6})[0-9]*', '$1')) AT TIME ZONE 'UTC' AS timestamp(6))) END";
    "timestamp" ("date utc") "CAST($0 AS timestamp(6))";
    "year" ("date") "year($0)";
    "year" ("timestamp utc") "year($0)";
    "year" ("timestamp zone") "year(with_timezone($0, 'UTC') AT TIME ZONE $1)";
    "month" ("date") "month($0)";
    "month" ("timestamp utc") "month($0)";
    "month" ("timestamp zone") "month(with_timezone($0, 'UTC') AT TIME ZONE $1)";
    "day" ("date") "day($0)";
    "day" ("timestamp utc") "day($0)";
    "day" ("timestamp zone") "day(with_timezone($0, 'UTC') AT TIME ZONE $1)";
    "hour" ("timestamp utc") "hour($0)";
    "hour" ("timestamp zone") "hour(with_timezone($0, 'UTC') AT TIME ZONE $1)";
    "minute" ("timestamp utc") "minute($0)";
    "minute" ("timestamp zone") "minute(with_timezone($0, 'UTC') AT TIME ZONE $1)";
    "second" ("timestamp") "second($0)";
    "weekday" ("date") "day_of_week($0)";
    "is_weekend" ("date") "day_of_week($0) >= 6";
    "iso_week" ("date") "week($0)";
    "iso_year" ("date") "year_of_week($0)";
    "day_of_year" ("date") "day_of_year($0)";
    "quarter" ("date") "quarter($0)";
    "is_leap_year" ("date") "year($0) % 4 = 0 AND (year($0) % 100 <> 0 OR year($0) % 400 = 0)";
    "days_in_month" ("date") "day(last_day_of_month($0))";
    "truncate" ("timestamp duration") "@truncate";
    "start_of_week" ("date") "date_trunc('week', $0)";
    "start_of_month" ("date") "date_trunc('month', $0)";
    "start_of_quarter" ("date") "date_trunc('quarter', $0)";
    "start_of_year" ("date") "date_trunc('year', $0)";
    "end_of_month" ("date") "last_day_of_month($0)";
    "add_days" ("date int") "date_add('day', $1, $0)" or "$0 NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'";
    "add_months" ("date int") "date_add('month', $1, $0)" or "$0 NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'";
    "add_years" ("date int") "date_add('year', $1, $0)" or "$0 NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'";
    "days_between" ("date date") "date_diff('day', $0, $1)";
    "months_between" ("date date") "date_diff('month', $0, $1)";
    "years_between" ("date date") "date_diff('year', $0, $1)";
    "hours_between" ("timestamp timestamp") "@hours";
    "minutes_between" ("timestamp timestamp") "@minutes";
    "seconds_between" ("timestamp timestamp") "@seconds";
    "in_seconds" ("duration") "CAST($0 AS double) / 1000000";
    "in_hours" ("duration") "CAST($0 AS double) / 3600000000";
    "in_days" ("duration") "CAST($0 AS double) / 86400000000";
    "epoch_seconds" ("timestamp") "date_diff('second', TIMESTAMP '1970-01-01 00:00:00', date_trunc('second', $0))";
    "epoch_milliseconds" ("timestamp") "date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', date_trunc('millisecond', $0))";
    "from_epoch_seconds" ("int") "CASE WHEN $0 BETWEEN -62135596800 AND 253402300799 THEN CAST(from_unixtime_nanos(CAST($0 AS decimal(38, 0)) * 1000000000) AT TIME ZONE 'UTC' AS timestamp(6)) END";
    "from_epoch_milliseconds" ("int") "CASE WHEN $0 BETWEEN -62135596800000 AND 253402300799999 THEN CAST(from_unixtime_nanos(CAST($0 AS decimal(38, 0)) * 1000000) AT TIME ZONE 'UTC' AS timestamp(6)) END";

    "len" ("list") "cardinality($0)";
    "is_empty" ("list") "cardinality($0) = 0";
    "contains" ("list any") "@contains";
    "index_of" ("list:plain any") "nullif(array_position($0, $1), 0) - 1";
    "first" ("list") "element_at($0, 1)";
    "last" ("list") "element_at($0, -1)";
    "slice" ("list small small") "slice($0, $1 + 1, greatest($2 - $1, 0))";
    "reverse" ("list") "reverse($0)";
    "sort" ("list:plain") "array_sort($0)";
    "distinct" ("list:plain") "array_distinct($0)";
    "without_missing" ("list") "filter($0, _entry -> _entry IS NOT NULL)";
    "concat" ("list list") "concat($0, $1)";
    "append" ("list any") "CASE WHEN $1 IS NOT NULL THEN concat($0, ARRAY[$1]) END";
    "flatten" ("list") "flatten($0)";
    "sum" ("list:int") "reduce(filter($0, _entry -> _entry IS NOT NULL), BIGINT '0', (_sum, _entry) -> _sum + _entry, _sum -> _sum)";
    "min" ("list:plain") "array_min(filter($0, _entry -> _entry IS NOT NULL))";
    "max" ("list:plain") "array_max(filter($0, _entry -> _entry IS NOT NULL))";
    "map" ("list lambda") "transform($0, $1)";
    "filter" ("list lambda") "filter($0, $1)";
    "find" ("list lambda") "element_at(filter($0, $1), 1)";
    "any" ("list lambda") "cardinality(filter($0, $1)) > 0";
    "all" ("list lambda") "cardinality(filter($0, $1)) = cardinality($0)";
    "count" ("list lambda") "cardinality(filter($0, $1))";
    "reduce" ("list any lambda") "@reduce";

    "len" ("map") "cardinality($0)";
    "keys" ("map") "array_sort(map_keys($0))";
    "values" ("map") "transform(array_sort(map_keys($0)), _key -> element_at($0, _key))";
    "get" ("map text") "element_at($0, $1)";
    "has_key" ("map text") "contains(map_keys($0), $1)";
    "filter_map" ("map lambda") "map_filter($0, $1)";
    "merge" ("map map") "map_concat($0, $1)";
}

/// How a function of these arguments is written, if Trino's answer is the language's.
pub fn spelling(name: &str, arguments: &[Expr]) -> Option<&'static Spelling> {
    let is_lambda = |argument: &Expr| matches!(argument.kind, ExprKind::Lambda { .. });
    let arguments: Vec<(Option<&Type>, &Expr)> = arguments
        .iter()
        .map(|argument| ((!is_lambda(argument)).then_some(&argument.ty), argument))
        .collect();
    let found = TABLE
        .iter()
        .find(|line| line.name == name && takes(line.takes, &arguments));
    found.filter(|line| line.value != "@none")
}

/// Whether arguments are of these kinds; one that is `row => …` has no type.
fn takes(words: &str, arguments: &[(Option<&Type>, &Expr)]) -> bool {
    let words: Vec<_> = words.split_whitespace().collect();
    words.len() == arguments.len()
        && words.iter().zip(arguments).all(|(word, (ty, argument))| match ty {
            None => *word == "lambda",
            Some(ty) => is(word, &ty.kind, &argument.kind),
        })
}

fn is(word: &str, kind: &TypeKind, expr: &ExprKind) -> bool {
    match word {
        "any" => true,
        "plain" => is_plain(kind),
        "small" => {
            matches!(expr, ExprKind::Literal(Literal::Int(number)) if (0..=i64::from(i32::MAX)).contains(number))
        }
        "some" => matches!(expr, ExprKind::Literal(Literal::Text(text)) if !text.is_empty()),
        "solid" => {
            let ExprKind::Literal(Literal::Text(pattern)) = expr else {
                return false;
            };
            regex_java::java(pattern).is_ok_and(|java| !java.may_be_empty)
        }
        "utc" => matches!(expr, ExprKind::Literal(Literal::Text(text)) if text == "UTC"),
        "zone" => matches!(expr, ExprKind::Literal(Literal::Text(_))),
        _ => match (kind, word.split_once(':')) {
            (TypeKind::List(item), Some(("list", "plain"))) => is_plain(&item.kind),
            (TypeKind::List(item), Some(("list", of))) => is(of, &item.kind, expr),
            (kind, _) => word == kind.table_word(),
        },
    }
}

/// Whether Trino compares values of a kind as the language does.
fn is_plain(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::Float
            | TypeKind::Json
            | TypeKind::List(_)
            | TypeKind::Map(_)
            | TypeKind::Struct(_)
            | TypeKind::Object
            | TypeKind::Null
            | TypeKind::Never
    )
}
