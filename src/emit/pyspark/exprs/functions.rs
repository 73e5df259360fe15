//! The standard library's scalar functions as PySpark writes them: one table, a line for each form of a function.
//!
//! A spelling is Python with places for the arguments:
//!
//! | place | what stands there |
//! |---|---|
//! | `$0` | the argument as a column |
//! | `!0` | the argument, which is known when the job is written, as a Python value |
//! | `@0` | the argument `row => …` as a Python function |
//! | `?0` | a Python function that says why `row => …` turns a row away |
//! | `C0` | the argument's canonical text |
//! | `P0`, `P` | digits and scale of the argument, or of the answer: `(12, 2)` |
//! | `p`, `s0` | digits of the answer; scale of the argument |
//! | `R1`, `T1`, `S1` | a regular expression in Java's syntax: to search with, to search in turn with, and the one that tells whether a text starts with an empty match |
//! | `X1` | the expression that tells whether the group of the next argument takes part |
//! | `W2` | a replacement in Java's syntax, for the expression before it |
//!
//! All spellings answer for missing arguments as the functions do, and none ends a run.

use crate::plan::types::{Type, TypeKind};

/// How a form of a function is written.
#[derive(Debug)]
pub struct Spelling {
    /// The function.
    pub name: &'static str,
    /// The kinds of its arguments, a word each.
    pub takes: &'static str,
    /// The answer.
    pub value: &'static str,
    /// When the row is turned away because the answer does not fit.
    pub fails: Fails,
    /// Why the row is turned away because `row => …` turns it away.
    pub reason: &'static str,
}

/// When an answer does not fit its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// It always fits.
    Never,
    /// When it is missing although no argument is.
    Missing,
    /// When this holds.
    When(&'static str),
}

use Fails::{Missing, Never, When};

/// Lines of the table: kinds, answer, and what may go wrong.
macro_rules! table {
    ($($name:literal ($takes:literal) $value:literal $(or $fails:expr)? $(, because $reason:literal)?;)*) => {
        /// All forms of all functions; of two that fit the first counts.
        pub const TABLE: &[Spelling] = &[$(table!(@one $name $takes $value [$($fails)?] [$($reason)?])),*];
    };
    (@one $name:literal $takes:literal $value:literal [] []) => {
        Spelling { name: $name, takes: $takes, value: $value, fails: Never, reason: "" }
    };
    (@one $name:literal $takes:literal $value:literal [$fails:expr] []) => {
        Spelling { name: $name, takes: $takes, value: $value, fails: $fails, reason: "" }
    };
    (@one $name:literal $takes:literal $value:literal [] [$reason:literal]) => {
        Spelling { name: $name, takes: $takes, value: $value, fails: Never, reason: $reason }
    };
}

table! {
    "len" ("text") "texts.length($0)";
    "is_empty" ("text") "texts.is_empty($0)";
    "is_blank" ("text") "texts.is_blank($0)";
    "lower" ("text") "texts.lower($0)";
    "upper" ("text") "texts.upper($0)";
    "trim" ("text") "texts.trim($0)";
    "trim" ("text text") "F.btrim($0, $1)";
    "trim_start" ("text") "texts.trim_start($0)";
    "trim_start" ("text text") "texts.trim_start($0, $1)";
    "trim_end" ("text") "texts.trim_end($0)";
    "trim_end" ("text text") "texts.trim_end($0, $1)";
    "slice" ("text int int") "texts.part($0, $1, $2)";
    "slice" ("text int") "texts.part_from($0, $1)";
    "left" ("text int") "texts.left($0, $1)";
    "right" ("text int") "texts.right($0, $1)";
    "replace" ("text text text") "F.replace($0, $1, $2)";
    "split" ("text text") "texts.split($0, $1)";
    "starts_with" ("text text") "$0.startswith($1)";
    "ends_with" ("text text") "$0.endswith($1)";
    "contains" ("text text") "$0.contains($1)";
    "index_of" ("text text") "texts.index_of($0, $1)";
    "count_of" ("text text") "texts.count_of($0, $1)";
    "pad_left" ("text int text") "texts.pad_left($0, $1, $2)" or Missing;
    "pad_right" ("text int text") "texts.pad_right($0, $1, $2)" or Missing;
    "repeat" ("text int") "texts.repeat($0, $1)" or Missing;
    "reverse" ("text") "F.reverse($0)";
    "squeeze" ("text") "texts.squeeze($0)";
    "remove_prefix" ("text text") "texts.remove_prefix($0, $1)";
    "remove_suffix" ("text text") "texts.remove_suffix($0, $1)";
    "before" ("text text") "texts.before($0, $1)";
    "after" ("text text") "texts.after($0, $1)";
    "translate" ("text text text") "texts.translate($0, $1, $2)";
    "mask" ("text int text") "texts.mask($0, $1, $2)";
    "code_point" ("text") "texts.code_point($0)";
    "from_code_point" ("int") "texts.from_code_point($0)";
    "levenshtein" ("text text") "texts.levenshtein($0, $1)";

    "regex_replace" ("text text text") "F.regexp_replace($0, T1, W2)";
    "regex_extract" ("text text int") "texts.regex_extract($0, R1, !2, X1)";
    "regex_extract_all" ("text text int") "texts.regex_extract_all($0, T1, !2)";
    "regex_count" ("text text") "texts.regex_count($0, T1)";
    "regex_split" ("text text") "texts.regex_split($0, T1, S1)";

    "int" ("text") "numbers.int_of_text($0)";
    "int" ("int") "$0";
    "int" ("float") "numbers.int_of_float($0)";
    "int" ("decimal") "numbers.int_of_decimal($0, s0)";
    "int" ("json") "jsons.to_int($0)";
    "float" ("text") "numbers.float_of_text($0)";
    "float" ("int") "$0.cast(\"double\")";
    "float" ("decimal") "$0.cast(\"double\")";
    "float" ("json") "jsons.to_float($0)";
    "decimal" ("text int int") "numbers.decimal_of_text($0, !1, !2)";
    "decimal" ("decimal int int") "numbers.decimal($0, P0, P)";
    "decimal" ("float int int") "numbers.decimal_of_float($0, !1, !2)";
    "decimal" ("json int int") "jsons.to_decimal($0, !1, !2)";
    "bool" ("text") "numbers.bool_of_text($0)";
    "bool" ("json") "jsons.to_bool($0)";
    "text" ("float int") "numbers.text_of_float($0, !1)";
    "text" ("json") "jsons.to_text($0)";
    "text" ("any") "C0";
    "uuid" ("text") "texts.uuid($0)";
    "json" ("text") "jsons.parse($0)";

    "json_text" ("json") "$0";
    "json_kind" ("json") "jsons.kind($0)";
    "json_get" ("json text") "jsons.get($0, !1)";
    "json_keys" ("json") "jsons.keys($0)";
    "json_list" ("json") "jsons.items($0)";
    "json_map" ("json") "jsons.members($0)";
    "json_len" ("json") "jsons.count($0)";

    "sha256" ("any") "F.sha2(C0, 256)";
    "sha512" ("any") "F.sha2(C0, 512)";
    "sha1" ("any") "F.sha1(C0)";
    "md5" ("any") "F.md5(C0)";
    "crc32" ("any") "F.crc32(C0)";
    "pseudonym" ("text") "runtime.pseudonym($0)";
    "uuid5" ("uuid text") "texts.uuid5($0, $1)";
    "base64" ("text") "texts.base64($0)";
    "from_base64" ("text") "texts.from_base64($0)";
    "hex" ("text") "texts.to_hex($0)";
    "from_hex" ("text") "texts.from_hex($0)";

    "url_scheme" ("text") "texts.url_scheme($0)";
    "url_host" ("text") "texts.url_host($0)";
    "url_port" ("text") "texts.url_port($0)";
    "url_path" ("text") "texts.url_path($0)";
    "url_query" ("text") "texts.url_query($0)";
    "url_fragment" ("text") "texts.url_fragment($0)";
    "url_parameter" ("text text") "texts.url_parameter($0, $1)";
    "url_encode" ("text") "texts.url_encode($0)";
    "url_decode" ("text") "texts.url_decode($0)";

    "geo_distance" ("float float float float") "numbers.geo_distance($0, $1, $2, $3)";
    "geo_bearing" ("float float float float") "numbers.geo_bearing($0, $1, $2, $3)";
    "geo_in_box" ("float float float float float float") "numbers.geo_in_box($0, $1, $2, $3, $4, $5)";
    "geohash" ("float float int") "numbers.geohash($0, $1, !2)";

    "greatest" ("any any") "numbers.greatest($0, $1)";
    "greatest" ("any any any") "numbers.greatest($0, $1, $2)";
    "least" ("any any") "numbers.least($0, $1)";
    "least" ("any any any") "numbers.least($0, $1, $2)";
    "clamp" ("any any any") "numbers.clamp($0, $1, $2)";
    "null_if" ("any any") "numbers.null_if($0, $1)";
    "first_present" ("any any any") "F.coalesce($0, $1, $2)";

    "abs" ("int") "numbers.abs_int($0)" or Missing;
    "abs" ("any") "F.abs($0)";
    "sign" ("any") "numbers.sign($0)";
    "round" ("decimal int") "numbers.decimal($0, P0, P)" or Missing;
    "round" ("float int") "numbers.round_float($0, !1)";
    "floor" ("decimal") "numbers.floor_decimal($0, p)";
    "floor" ("float") "numbers.floor($0)";
    "ceil" ("decimal") "numbers.ceil_decimal($0, p)";
    "ceil" ("float") "numbers.ceil($0)";
    "div" ("int int") "numbers.div($0, $1)" or When("numbers.div_overflows($0, $1)");
    "mod" ("int int") "numbers.mod($0, $1)";
    "power" ("float float") "numbers.power($0, $1)" or When("numbers.power_overflows($0, $1)");
    "sqrt" ("float") "numbers.sqrt($0)";
    "cbrt" ("float") "F.cbrt($0)";
    "exp" ("float") "numbers.exp($0)" or When("numbers.exp_overflows($0)");
    "ln" ("float") "numbers.ln($0)";
    "log10" ("float") "numbers.log10($0)";
    "log2" ("float") "numbers.log2($0)";
    "log" ("float float") "numbers.log($0, $1)";
    "sin" ("float") "F.sin($0)";
    "cos" ("float") "F.cos($0)";
    "tan" ("float") "F.tan($0)";
    "asin" ("float") "numbers.asin($0)";
    "acos" ("float") "numbers.acos($0)";
    "atan" ("float") "F.atan($0)";
    "atan2" ("float float") "F.atan2($0, $1)";
    "degrees" ("float") "numbers.degrees($0)" or When("numbers.degrees_overflow($0)");
    "radians" ("float") "numbers.radians($0)";
    "pi" ("") "F.pi()";
    "is_nan" ("float") "numbers.is_nan($0)";
    "bit_and" ("int int") "$0.bitwiseAND($1)";
    "bit_or" ("int int") "$0.bitwiseOR($1)";
    "bit_xor" ("int int") "$0.bitwiseXOR($1)";
    "shift_left" ("int int") "numbers.shift_left($0, $1)";
    "shift_right" ("int int") "numbers.shift_right($0, $1)";
    "bit_count" ("int") "numbers.bit_count($0)";
    "bucket" ("float float float int") "numbers.bucket($0, $1, $2, $3)";
    "to_base16" ("int") "numbers.to_base16($0)";
    "from_base16" ("text") "numbers.from_base16($0)";

    "now" ("") "run.now()";
    "today" ("") "run.today()";
    "date" ("timestamp") "F.to_date($0)";
    "date" ("timestamp text") "times.date($0, !1)";
    "date" ("int int int") "times.date_of($0, $1, $2)";
    "date" ("text") "times.date_of_text($0)";
    "timestamp" ("text") "times.timestamp_of_text($0)";
    "timestamp" ("date text") "times.timestamp($0, !1)" or Missing;
    "parse" ("text text text") "times.parse($0, !1, !2)";
    "parse_date" ("text text") "times.parse_date($0, !1)";
    "year" ("date") "times.year($0)";
    "year" ("timestamp text") "times.year($0, !1)";
    "month" ("date") "times.month($0)";
    "month" ("timestamp text") "times.month($0, !1)";
    "day" ("date") "times.day($0)";
    "day" ("timestamp text") "times.day($0, !1)";
    "hour" ("timestamp text") "times.hour($0, !1)";
    "minute" ("timestamp text") "times.minute($0, !1)";
    "second" ("timestamp") "times.second($0)";
    "weekday" ("date") "times.weekday($0)";
    "is_weekend" ("date") "times.is_weekend($0)";
    "iso_week" ("date") "times.iso_week($0)";
    "iso_year" ("date") "times.iso_year($0)";
    "day_of_year" ("date") "times.day_of_year($0)";
    "quarter" ("date") "times.quarter($0)";
    "is_leap_year" ("date") "times.is_leap_year($0)";
    "days_in_month" ("date") "times.days_in_month($0)";
    "truncate" ("timestamp duration") "times.truncate($0, !1)";
    "start_of_week" ("date") "F.trunc($0, \"week\")";
    "start_of_month" ("date") "F.trunc($0, \"month\")";
    "start_of_quarter" ("date") "F.trunc($0, \"quarter\")";
    "start_of_year" ("date") "F.trunc($0, \"year\")";
    "end_of_month" ("date") "F.last_day($0)";
    "add_days" ("date int") "times.add_days($0, $1)" or Missing;
    "add_months" ("date int") "times.add_months($0, $1)" or Missing;
    "add_years" ("date int") "times.add_years($0, $1)" or Missing;
    "days_between" ("date date") "times.days_between($0, $1)";
    "months_between" ("date date") "times.months_between($0, $1)";
    "years_between" ("date date") "times.years_between($0, $1)";
    "hours_between" ("timestamp timestamp") "times.between($0, $1, times.HOUR)";
    "minutes_between" ("timestamp timestamp") "times.between($0, $1, times.MINUTE)";
    "seconds_between" ("timestamp timestamp") "times.between($0, $1, times.SECOND)";
    "in_seconds" ("duration") "times.in_units($0, times.SECOND)";
    "in_hours" ("duration") "times.in_units($0, times.HOUR)";
    "in_days" ("duration") "times.in_units($0, times.DAY)";
    "epoch_seconds" ("timestamp") "F.unix_seconds($0)";
    "epoch_milliseconds" ("timestamp") "F.unix_millis($0)";
    "from_epoch_seconds" ("int") "times.from_epoch($0, times.SECOND)";
    "from_epoch_milliseconds" ("int") "times.from_epoch($0, times.MILLISECOND)";
    "format" ("timestamp text text") "times.format_instant($0, !1, !2)";
    "format" ("date text") "times.format_instant($0, !1)";
    "at_time" ("date duration text") "times.at_time($0, $1, !2)" or Missing;
    "time_of_day" ("timestamp text") "times.time_of_day($0, !1)";
    "zone_offset" ("timestamp text") "times.zone_offset($0, !1)";

    "len" ("list") "lists.length($0)";
    "is_empty" ("list") "lists.is_empty($0)";
    "contains" ("list any") "lists.contains($0, $1)";
    "index_of" ("list any") "lists.index_of($0, $1)";
    "first" ("list") "F.get($0, 0)";
    "last" ("list") "lists.last($0)";
    "slice" ("list int int") "lists.part($0, $1, $2)";
    "reverse" ("list") "F.reverse($0)";
    "sort" ("list") "F.array_sort($0)";
    "sort_by" ("list lambda") "lists.sort_by($0, @1)", because "lists.first_reason($0, ?1)";
    "distinct" ("list:float") "lists.distinct_floats($0)";
    "distinct" ("list") "F.array_distinct($0)";
    "without_missing" ("list") "F.array_compact($0)";
    "concat" ("list list") "F.concat($0, $1)";
    "append" ("list any") "lists.append($0, $1)";
    "intersect" ("list:float list") "lists.intersect_floats($0, $1)";
    "intersect" ("list list") "F.array_intersect($0, $1)";
    "without" ("list:float list") "lists.without_floats($0, $1)";
    "without" ("list list") "F.array_except($0, $1)";
    "overlaps" ("list:float list") "lists.overlap_of_floats($0, $1)";
    "overlaps" ("list list") "lists.overlaps($0, $1)";
    "flatten" ("list") "lists.flatten($0)";
    "join" ("list text") "lists.join($0, $1)";
    "sum" ("list:int") "lists.sum_of_ints($0)" or Missing;
    "sum" ("list:decimal") "lists.sum_of_decimals($0, P)" or Missing;
    "sum" ("list:float") "lists.sum_of_floats($0)" or When("lists.sum_overflows($0)");
    "min" ("list") "F.array_min($0)";
    "max" ("list") "F.array_max($0)";
    "map" ("list lambda") "F.transform($0, @1)", because "lists.first_reason($0, ?1)";
    "filter" ("list lambda") "F.filter($0, @1)", because "lists.first_reason($0, ?1)";
    "find" ("list lambda") "lists.find($0, @1)", because "lists.first_reason($0, ?1)";
    "any" ("list lambda") "lists.any_holds($0, @1)", because "lists.first_reason($0, ?1)";
    "all" ("list lambda") "lists.all_hold($0, @1)", because "lists.first_reason($0, ?1)";
    "count" ("list lambda") "lists.count($0, @1)", because "lists.first_reason($0, ?1)";
    "reduce" ("list any lambda") "lists.reduce($0, $1, @2)", because "lists.reduce_reason($0, $1, @2, ?2)";
    "zip" ("list list") "lists.zip_lists($0, $1)";
    "range" ("int int") "lists.range_of_ints($0, $1)" or Missing;
    "range" ("date date") "lists.range_of_dates($0, $1)" or Missing;

    "len" ("map") "lists.map_length($0)";
    "map_of" ("list list") "lists.map_of($0, $1)";
    "keys" ("map") "lists.keys($0)";
    "values" ("map") "lists.values($0)";
    "get" ("map text") "F.try_element_at($0, $1)";
    "has_key" ("map text") "lists.has_key($0, $1)";
    "map_values" ("map lambda") "lists.map_values($0, @1)", because "lists.map_values_reason($0, ?1)";
    "filter_map" ("map lambda") "F.map_filter($0, @1)", because "lists.entries_reason($0, ?1)";
    "entries" ("map") "lists.entries($0)";
    "merge" ("map map") "F.map_concat($0, $1)";
}

/// How a function of these arguments is written, if it is in the table.
pub fn spelling(name: &str, arguments: &[Option<&Type>]) -> Option<&'static Spelling> {
    TABLE
        .iter()
        .find(|line| line.name == name && takes(line.takes, arguments))
}

/// Whether arguments are of these kinds; one that is `row => …` has no type.
fn takes(words: &str, arguments: &[Option<&Type>]) -> bool {
    let words: Vec<_> = words.split_whitespace().collect();
    words.len() == arguments.len()
        && words.iter().zip(arguments).all(|(word, ty)| match ty {
            None => *word == "lambda",
            Some(ty) => is(word, &ty.kind),
        })
}

fn is(word: &str, kind: &TypeKind) -> bool {
    match kind {
        // A literal `null` fits every place.
        TypeKind::Null | TypeKind::Never | TypeKind::Error => word != "lambda",
        TypeKind::List(item) => match word.split_once(':') {
            Some(("list", of)) => is(of, &item.kind),
            _ => matches!(word, "list" | "any"),
        },
        kind => word == "any" || word == kind.table_word(),
    }
}
