//! Every scalar function of the standard library, and the typed function of the runtime that computes it: what it takes,
//! what it gives, and how its call is written. What takes `row => …`, or arguments in ways of its own, is in `collection`.

use super::call::SAME;
use super::lift::Gives;
use crate::emit::rust::types::Held;
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Int,
    Float,
    Decimal,
    Text,
    Date,
    Timestamp,
    Duration,
    Uuid,
    Json,
    List,
    Map,
    /// Any type that is put in order by Rust as by the language.
    Ordered,
    /// Any type, by its canonical text.
    Canonical,
    /// A list, of what is there in it.
    Present(Items),
    /// A regular expression known when the project is compiled.
    Regex,
    /// A pattern of dates and times known when the project is compiled.
    Format,
    /// A time zone known when the project is compiled.
    Zone,
    /// UTC, which needs no time zone.
    Utc,
}

/// The items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    Any,
    Int,
    Float,
    Decimal,
}

/// One form of a function.
#[derive(Debug)]
pub struct Form {
    pub name: &'static str,
    pub takes: &'static [Take],
    /// `{0}`, `{1}` … are the arguments, `{digits}` and `{precision}` those of a decimal answer.
    pub code: &'static str,
    pub gives: Gives,
    /// How the answer is held, where it is not copied.
    pub held: Held,
    /// What the code mentions besides its paths.
    pub uses: &'static [&'static str],
}

/// The form that takes these arguments.
pub fn form(name: &str, arguments: &[Expr]) -> Option<&'static Form> {
    let fits = |form: &&Form| {
        form.name == name
            && form.takes.len() == arguments.len()
            && form
                .takes
                .iter()
                .zip(arguments)
                .all(|(take, argument)| take.fits(argument))
    };
    FORMS.iter().find(fits)
}

impl Take {
    fn fits(self, argument: &Expr) -> bool {
        let kind = &argument.ty.kind;
        match self {
            Take::Int => *kind == TypeKind::Int,
            Take::Float => *kind == TypeKind::Float,
            Take::Decimal => matches!(kind, TypeKind::Decimal { .. }),
            Take::Text => matches!(kind, TypeKind::Text | TypeKind::Enum { .. } | TypeKind::Null),
            Take::Date => *kind == TypeKind::Date,
            Take::Timestamp => *kind == TypeKind::Timestamp,
            Take::Duration => *kind == TypeKind::Duration,
            Take::Uuid => *kind == TypeKind::Uuid,
            Take::Json => *kind == TypeKind::Json,
            Take::List | Take::Present(Items::Any) => matches!(kind, TypeKind::List(_)),
            Take::Present(items) => match kind {
                TypeKind::List(item) => match items {
                    Items::Any => true,
                    Items::Int => item.kind == TypeKind::Int,
                    Items::Float => item.kind == TypeKind::Float,
                    Items::Decimal => matches!(item.kind, TypeKind::Decimal { .. }),
                },
                _ => false,
            },
            Take::Map => matches!(kind, TypeKind::Map(_)),
            Take::Ordered | Take::Canonical => true,
            Take::Regex | Take::Format | Take::Zone => is_text(argument, |_| true),
            Take::Utc => is_text(argument, |text| text == "UTC"),
        }
    }
}

fn is_text(argument: &Expr, holds: fn(&str) -> bool) -> bool {
    matches!(&argument.kind, ExprKind::Literal(Literal::Text(text)) if holds(text))
}

/// A line of the table. Answers that are not copied are owned, unless a line says otherwise.
macro_rules! forms {
    ($($name:literal [$($take:expr),*] $code:expr, $gives:ident $(, $held:ident)? $(, uses $($used:literal)+)?;)*) => {
        &[$(Form {
            name: $name,
            takes: &[$($take),*],
            code: $code,
            gives: Gives::$gives,
            held: held!($($held)?),
            uses: &[$($($used),+)?],
        }),*]
    };
}

macro_rules! held {
    () => {
        Held::Owned
    };
    ($held:ident) => {
        Held::$held
    };
}

use Items::Any;
use Take::{
    Canonical, Date, Decimal, Duration, Float, Format, Int, Json, List, Map, Ordered, Present, Regex, Text, Timestamp,
    Utc, Uuid, Zone,
};

/// The table. Of two forms that fit the first counts.
#[rustfmt::skip]
pub const FORMS: &[Form] = forms! {
    // text.pipe
    "len" [Text] "functions::len({0})", Value;
    "is_empty" [Text] "functions::is_empty({0})", Value;
    "is_blank" [Text] "functions::is_blank({0})", Value;
    "lower" [Text] "functions::lower({0})", Value;
    "upper" [Text] "functions::upper({0})", Value;
    "trim" [Text] "functions::trim({0})", Value, Borrowed;
    "trim" [Text, Text] "functions::trim_chars({0}, {1})", Value, Borrowed;
    "trim_start" [Text] "functions::trim_start({0})", Value, Borrowed;
    "trim_start" [Text, Text] "functions::trim_start_chars({0}, {1})", Value, Borrowed;
    "trim_end" [Text] "functions::trim_end({0})", Value, Borrowed;
    "trim_end" [Text, Text] "functions::trim_end_chars({0}, {1})", Value, Borrowed;
    "slice" [Text, Int, Int] "functions::slice({0}, {1}, {2})", Value, Borrowed;
    "slice" [Text, Int] "functions::slice_from({0}, {1})", Value, Borrowed;
    "left" [Text, Int] "functions::left({0}, {1})", Value, Borrowed;
    "right" [Text, Int] "functions::right({0}, {1})", Value, Borrowed;
    "replace" [Text, Text, Text] "functions::replace({0}, {1}, {2})", Value;
    "split" [Text, Text] "functions::split({0}, {1})", Value;
    "starts_with" [Text, Text] "functions::starts_with({0}, {1})", Value;
    "ends_with" [Text, Text] "functions::ends_with({0}, {1})", Value;
    "contains" [Text, Text] "functions::contains({0}, {1})", Value;
    "index_of" [Text, Text] "functions::index_of({0}, {1})", Maybe;
    "count_of" [Text, Text] "functions::count_of({0}, {1})", Value;
    "pad_left" [Text, Int, Text] "functions::pad_left({0}, {1}, {2})", Fails;
    "pad_right" [Text, Int, Text] "functions::pad_right({0}, {1}, {2})", Fails;
    "repeat" [Text, Int] "functions::repeat({0}, {1})", Fails;
    "reverse" [Text] "functions::reverse({0})", Value;
    "nfc" [Text] "functions::nfc({0})", Value;
    "nfd" [Text] "functions::nfd({0})", Value;
    "squeeze" [Text] "functions::squeeze({0})", Value;
    "remove_prefix" [Text, Text] "functions::remove_prefix({0}, {1})", Value, Borrowed;
    "remove_suffix" [Text, Text] "functions::remove_suffix({0}, {1})", Value, Borrowed;
    "before" [Text, Text] "functions::before({0}, {1})", Maybe, Borrowed;
    "after" [Text, Text] "functions::after({0}, {1})", Maybe, Borrowed;
    "translate" [Text, Text, Text] "functions::translate({0}, {1}, {2})", Value;
    "mask" [Text, Int, Text] "functions::mask({0}, {1}, {2})", Value;
    "code_point" [Text] "functions::code_point({0})", Maybe;
    "from_code_point" [Int] "functions::from_code_point({0})", Maybe;
    "levenshtein" [Text, Text] "functions::levenshtein({0}, {1})", Value;

    // patterns.pipe
    "regex_replace" [Text, Regex, Text] "regex::regex_replace({0}, {1}, {2})", Value;
    "regex_extract" [Text, Regex, Int] "regex::regex_extract({0}, {1}, {2})", Maybe, Borrowed;
    "regex_extract_all" [Text, Regex, Int] "regex::regex_extract_all({0}, {1}, {2})", Value;
    "regex_count" [Text, Regex] "regex::regex_count({0}, {1})", Value;
    "regex_split" [Text, Regex] "regex::regex_split({0}, {1})", Value;

    // convert.pipe
    "int" [Text] "convert::int({0})", Maybe;
    "int" [Int] SAME, Value;
    "int" [Float] "convert::int_of_float({0})", Maybe;
    "int" [Decimal] "{0}.to_int()", Maybe;
    "int" [Json] "{0}.int()", Maybe;
    "float" [Text] "convert::float({0})", Maybe;
    "float" [Int] "convert::float_of_int({0})", Value;
    "float" [Float] SAME, Value;
    "float" [Decimal] "{0}.to_float()", Value;
    "float" [Json] "{0}.float()", Maybe;
    "decimal" [Text, Int, Int] "Decimal::<{digits}>::parse({0})", Maybe;
    "decimal" [Decimal, Int, Int] "{0}.cast::<{digits}>()", Maybe;
    "decimal" [Float, Int, Int] "Decimal::<{digits}>::from_float({0})", Maybe;
    "decimal" [Json, Int, Int] "{0}.decimal::<{digits}>()", Maybe;
    "bool" [Text] "convert::bool({0})", Maybe;
    "bool" [Json] "{0}.bool()", Maybe;
    "text" [Text] SAME, Value;
    "text" [Float, Int] "numbers::text_float({0}, {1})", Checked;
    "text" [Json] "{0}.text()", Maybe, Borrowed;
    "text" [Canonical] "{0}.to_owned()", Value;
    "date" [Timestamp] "functions::date({0})", Value;
    "date" [Timestamp, Utc] "functions::date({0})", Value;
    "date" [Timestamp, Zone] "zones::date_in({0}, {1})", Value;
    "date" [Text] "Date::parse({0})", Maybe;
    "date" [Int, Int, Int] "functions::date_of({0}, {1}, {2})", Maybe;
    "timestamp" [Text] "Timestamp::parse({0})", Maybe;
    "timestamp" [Date, Utc] "functions::start_of_day({0})", Value;
    "timestamp" [Date, Zone] "zones::at_time({0}, 0, {1})", Checked;
    "uuid" [Text] "Uuid::parse({0})", Maybe;
    "parse" [Text, Format, Utc] "{1}.read_utc({0})", Maybe;
    "parse" [Text, Format, Zone] "{1}.read({0}, {2})", Maybe;
    "parse_date" [Text, Format] "{1}.read_date({0})", Maybe;
    "json" [Text] "Json::parse({0})", Maybe;

    // json.pipe
    "json_text" [Json] "{0}.to_string()", Value;
    "json_kind" [Json] "{0}.kind()", Value, Borrowed;
    "json_get" [Json, Text] "{0}.get({1})", Maybe, Borrowed;
    "json_keys" [Json] "{0}.keys()", Maybe;
    "json_list" [Json] "{0}.items()", Maybe, Borrowed;
    "json_map" [Json] "{0}.members()", Maybe, Borrowed;
    "json_len" [Json] "{0}.count()", Maybe;

    // hash.pipe
    "sha256" [Canonical] "functions::sha256({0})", Value, Hex;
    "sha512" [Canonical] "functions::sha512({0})", Value;
    "sha1" [Canonical] "functions::sha1({0})", Value;
    "md5" [Canonical] "functions::md5({0})", Value;
    "crc32" [Canonical] "functions::crc32({0})", Value;
    "pseudonym" [Text] "key.pseudonym({0})", Value, Hex, uses "key";
    "uuid5" [Uuid, Text] "functions::uuid5({0}, {1})", Value;
    "base64" [Text] "functions::base64({0})", Value;
    "from_base64" [Text] "functions::from_base64({0})", Maybe;
    "hex" [Text] "functions::hex({0})", Value;
    "from_hex" [Text] "functions::from_hex({0})", Maybe;

    // url.pipe
    "url_scheme" [Text] "url::url_scheme({0})", Maybe;
    "url_host" [Text] "url::url_host({0})", Maybe;
    "url_port" [Text] "url::url_port({0})", Maybe;
    "url_path" [Text] "url::url_path({0})", Value, Borrowed;
    "url_query" [Text] "url::url_query({0})", Maybe, Borrowed;
    "url_fragment" [Text] "url::url_fragment({0})", Maybe, Borrowed;
    "url_parameter" [Text, Text] "url::url_parameter({0}, {1})", Maybe;
    "url_encode" [Text] "url::url_encode({0})", Value;
    "url_decode" [Text] "url::url_decode({0})", Maybe;

    // geo.pipe
    "geo_distance" [Float, Float, Float, Float] "geo::geo_distance({0}, {1}, {2}, {3})", Maybe;
    "geo_bearing" [Float, Float, Float, Float] "geo::geo_bearing({0}, {1}, {2}, {3})", Maybe;
    "geo_in_box" [Float, Float, Float, Float, Float, Float]
        "geo::geo_in_box(({0}, {1}), ({2}, {3}), ({4}, {5}))", Value;
    "geohash" [Float, Float, Int] "geo::geohash({0}, {1}, {2})", Maybe;

    // choice.pipe
    "greatest" [Ordered, Ordered] "{0}.max({1})", Value, Borrowed;
    "greatest" [Ordered, Ordered, Ordered] "{0}.max({1}).max({2})", Value, Borrowed;
    "least" [Ordered, Ordered] "{0}.min({1})", Value, Borrowed;
    "least" [Ordered, Ordered, Ordered] "{0}.min({1}).min({2})", Value, Borrowed;
    "clamp" [Ordered, Ordered, Ordered] "numbers::clamp({0}, {1}, {2})", Value, Borrowed;

    // numbers.pipe
    "abs" [Int] "numbers::abs_int({0})", Fails;
    "abs" [Decimal] "{0}.abs()", Value;
    "abs" [Float] "{0}.abs()", Value;
    "sign" [Int] "{0}.signum()", Value;
    "sign" [Decimal] "{0}.sign()", Value;
    "sign" [Float] "numbers::sign_float({0})", Value;
    "round" [Decimal, Int] "{0}.rounded::<{digits}>()", Checked;
    "round" [Float, Int] "numbers::round_float({0}, {1})", Value;
    "floor" [Decimal] "{0}.floor::<{precision}>()", Value;
    "floor" [Float] "numbers::floor_float({0})", Value;
    "ceil" [Decimal] "{0}.ceil::<{precision}>()", Value;
    "ceil" [Float] "numbers::ceil_float({0})", Value;
    "div" [Int, Int] "numbers::div({0}, {1})", FailsMaybe;
    "mod" [Int, Int] "numbers::modulo({0}, {1})", Maybe;
    "power" [Float, Float] "numbers::power({0}, {1})", FailsMaybe;
    "sqrt" [Float] "numbers::sqrt({0})", Maybe;
    "cbrt" [Float] "{0}.cbrt()", Value;
    "exp" [Float] "arithmetic::finite({0}.exp())", Checked;
    "ln" [Float] "numbers::ln({0})", Maybe;
    "log10" [Float] "numbers::log10({0})", Maybe;
    "log2" [Float] "numbers::log2({0})", Maybe;
    "log" [Float, Float] "numbers::log({0}, {1})", Maybe;
    "sin" [Float] "{0}.sin()", Value;
    "cos" [Float] "{0}.cos()", Value;
    "tan" [Float] "{0}.tan()", Value;
    "asin" [Float] "numbers::asin({0})", Maybe;
    "acos" [Float] "numbers::acos({0})", Maybe;
    "atan" [Float] "{0}.atan()", Value;
    "atan2" [Float, Float] "numbers::atan2({0}, {1})", Value;
    "degrees" [Float] "arithmetic::finite(numbers::degrees({0}))", Checked;
    "radians" [Float] "numbers::radians({0})", Value;
    "pi" [] "std::f64::consts::PI", Value;
    "is_nan" [Float] "{0}.is_nan()", Value;
    "bit_and" [Int, Int] "numbers::bit_and({0}, {1})", Value;
    "bit_or" [Int, Int] "numbers::bit_or({0}, {1})", Value;
    "bit_xor" [Int, Int] "numbers::bit_xor({0}, {1})", Value;
    "shift_left" [Int, Int] "numbers::shift_left({0}, {1})", Value;
    "shift_right" [Int, Int] "numbers::shift_right({0}, {1})", Value;
    "bit_count" [Int] "numbers::bit_count({0})", Value;
    "bucket" [Float, Float, Float, Int] "numbers::bucket({0}, {1}, {2}, {3})", Maybe;
    "to_base16" [Int] "numbers::to_base16({0})", Value;
    "from_base16" [Text] "numbers::from_base16({0})", Maybe;

    // time.pipe
    "year" [Date] "functions::year({0})", Value;
    "year" [Timestamp, Utc] "functions::year({0}.date())", Value;
    "year" [Timestamp, Zone] "functions::year(zones::date_in({0}, {1}))", Value;
    "month" [Date] "functions::month({0})", Value;
    "month" [Timestamp, Utc] "functions::month({0}.date())", Value;
    "month" [Timestamp, Zone] "functions::month(zones::date_in({0}, {1}))", Value;
    "day" [Date] "functions::day({0})", Value;
    "day" [Timestamp, Utc] "functions::day({0}.date())", Value;
    "day" [Timestamp, Zone] "functions::day(zones::date_in({0}, {1}))", Value;
    "hour" [Timestamp, Utc] "functions::hour({0})", Value;
    "hour" [Timestamp, Zone] "functions::hour(zones::local({0}, {1}))", Value;
    "minute" [Timestamp, Utc] "functions::minute({0})", Value;
    "minute" [Timestamp, Zone] "functions::minute(zones::local({0}, {1}))", Value;
    "second" [Timestamp] "functions::second({0})", Value;
    "weekday" [Date] "functions::weekday({0})", Value;
    "is_weekend" [Date] "functions::is_weekend({0})", Value;
    "iso_week" [Date] "functions::iso_week({0})", Value;
    "iso_year" [Date] "functions::iso_year({0})", Value;
    "day_of_year" [Date] "functions::day_of_year({0})", Value;
    "quarter" [Date] "functions::quarter({0})", Value;
    "is_leap_year" [Date] "functions::is_leap_year({0})", Value;
    "days_in_month" [Date] "functions::days_in_month({0})", Value;
    "truncate" [Timestamp, Duration] "functions::truncate({0}, {1})", Checked;
    "start_of_week" [Date] "functions::start_of_week({0})", Fails;
    "start_of_month" [Date] "functions::start_of_month({0})", Value;
    "start_of_quarter" [Date] "functions::start_of_quarter({0})", Value;
    "start_of_year" [Date] "functions::start_of_year({0})", Value;
    "end_of_month" [Date] "functions::end_of_month({0})", Value;
    "add_days" [Date, Int] "functions::add_days({0}, {1})", Fails;
    "add_months" [Date, Int] "functions::add_months({0}, {1})", Fails;
    "add_years" [Date, Int] "functions::add_years({0}, {1})", Fails;
    "days_between" [Date, Date] "functions::days_between({0}, {1})", Value;
    "months_between" [Date, Date] "functions::months_between({0}, {1})", Value;
    "years_between" [Date, Date] "functions::years_between({0}, {1})", Value;
    "hours_between" [Timestamp, Timestamp] "functions::between({0}, {1}, 3_600_000_000)", Value;
    "minutes_between" [Timestamp, Timestamp] "functions::between({0}, {1}, 60_000_000)", Value;
    "seconds_between" [Timestamp, Timestamp] "functions::between({0}, {1}, 1_000_000)", Value;
    "in_seconds" [Duration] "functions::in_units({0}, 1_000_000)", Value;
    "in_hours" [Duration] "functions::in_units({0}, 3_600_000_000)", Value;
    "in_days" [Duration] "functions::in_units({0}, 86_400_000_000)", Value;
    "epoch_seconds" [Timestamp] "functions::epoch_seconds({0})", Value;
    "epoch_milliseconds" [Timestamp] "functions::epoch_milliseconds({0})", Value;
    "from_epoch_seconds" [Int] "functions::from_epoch_seconds({0})", Maybe;
    "from_epoch_milliseconds" [Int] "functions::from_epoch_milliseconds({0})", Maybe;

    // zones.pipe
    "format" [Timestamp, Format, Utc] "{1}.write_utc({0})", Value;
    "format" [Timestamp, Format, Zone] "{1}.write({0}, {2})", Value;
    "format" [Date, Format] "{1}.write_date({0})", Value;
    "at_time" [Date, Duration, Utc] "arithmetic::time_plus(functions::start_of_day({0}), {1})", Checked;
    "at_time" [Date, Duration, Zone] "zones::at_time({0}, {1}, {2})", Checked;
    "time_of_day" [Timestamp, Utc] "functions::time_of_day({0})", Value;
    "time_of_day" [Timestamp, Zone] "zones::time_of_day({0}, {1})", Value;
    "zone_offset" [Timestamp, Zone] "zones::offset({0}, {1})", Value;

    // lists.pipe
    "len" [List] "lists::len({0})", Value;
    "is_empty" [List] "{0}.is_empty()", Value;
    "slice" [List, Int, Int] "lists::slice({0}, {1}, {2})", Value;
    "reverse" [List] "lists::reverse({0})", Value;
    "sort" [List] "lists::sort({0})", Value;
    "distinct" [List] "lists::distinct({0})", Value;
    "concat" [List, List] "lists::concat({0}, {1})", Value;
    "intersect" [List, List] "lists::intersect({0}, {1})", Value;
    "without" [List, List] "lists::without({0}, {1})", Value;
    "overlaps" [List, List] "lists::overlaps({0}, {1})", Value;
    "flatten" [List] "lists::flatten({0})", Value;
    "join" [Present(Any), Text] "{0}.join({1})", Value;
    "sum" [Present(Items::Int)] "lists::sum_int({0}.iter().copied())", Fails;
    "sum" [Present(Items::Float)] "lists::sum_float({0})", Fails;
    "sum" [Present(Items::Decimal)] "lists::sum_decimal::<_, _, {precision}>({0})", Fails;
    "min" [Present(Any)] "lists::min({0})", Maybe;
    "max" [Present(Any)] "lists::max({0})", Maybe;
    "range" [Int, Int] "lists::range({0}, {1})", Fails;
    "range" [Date, Date] "lists::days({0}, {1})", Fails;

    // maps.pipe
    "len" [Map] "maps::len({0})", Value;
    "map_of" [Present(Any), List] "maps::map_of({0}, {1})", Maybe;
    "keys" [Map] "maps::keys({0})", Value;
    "values" [Map] "maps::values({0})", Value;
    "has_key" [Map, Text] "{0}.contains_key({1})", Value;
    "merge" [Map, Map] "maps::merge({0}, {1})", Value;
};
