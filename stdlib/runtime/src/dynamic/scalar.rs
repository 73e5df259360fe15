//! Texts, conversions, numbers, hashes, addresses, places and choices.

use super::Argument::Is;
use super::{Argument, Call, theme};
use crate::functions::json::Json;
use crate::functions::{self, convert, geo, numbers, regex, url, zones};
use crate::types::{Date as Day, Timestamp as At, Uuid as Id, decimal};
use crate::value::Reject;
use crate::value::Value::{self, Decimal, Float, Int, Text, Uuid};

fn json(text: &str) -> Json {
    Json::parse(text).unwrap_or(Json::Null)
}

fn json_value(json: &Json) -> Value {
    Value::Json(json.to_string())
}

/// The canonical text that is hashed.
fn hashed(value: &Value) -> Result<String, Reject> {
    value.canonical().ok_or(Reject::Overflow)
}

fn digits(number: i64) -> u8 {
    u8::try_from(number.clamp(0, 38)).unwrap_or(0)
}

fn pattern(text: &str) -> Result<::regex::Regex, Reject> {
    regex::cached(text).ok_or(Reject::Overflow)
}

fn decimal_of(value: Option<i128>, scale: i64) -> Value {
    value.map_or(Value::Missing, |value| Decimal(value, digits(scale)))
}

theme! { NAMES, call, given;
    "len" [Is(Text(text))] => functions::len(text);
    "is_empty" [Is(Text(text))] => functions::is_empty(text);
    "is_blank" [Is(Text(text))] => functions::is_blank(text);
    "lower" [Is(Text(text))] => functions::lower(text);
    "upper" [Is(Text(text))] => functions::upper(text);
    "trim" [Is(Text(text))] => functions::trim(text);
    "trim" [Is(Text(text)), Is(Text(chars))] => functions::trim_chars(text, chars);
    "trim_start" [Is(Text(text))] => functions::trim_start(text);
    "trim_start" [Is(Text(text)), Is(Text(chars))] => functions::trim_start_chars(text, chars);
    "trim_end" [Is(Text(text))] => functions::trim_end(text);
    "trim_end" [Is(Text(text)), Is(Text(chars))] => functions::trim_end_chars(text, chars);
    "slice" [Is(Text(text)), Is(Int(from)), Is(Int(to))] => functions::slice(text, *from, *to);
    "slice" [Is(Text(text)), Is(Int(from))] => functions::slice_from(text, *from);
    "left" [Is(Text(text)), Is(Int(count))] => functions::left(text, *count);
    "right" [Is(Text(text)), Is(Int(count))] => functions::right(text, *count);
    "replace" [Is(Text(text)), Is(Text(old)), Is(Text(new))] => functions::replace(text, old, new);
    "split" [Is(Text(text)), Is(Text(separator))] => functions::split(text, separator);
    "starts_with" [Is(Text(text)), Is(Text(prefix))] => functions::starts_with(text, prefix);
    "ends_with" [Is(Text(text)), Is(Text(suffix))] => functions::ends_with(text, suffix);
    "contains" [Is(Text(text)), Is(Text(part))] => functions::contains(text, part);
    "index_of" [Is(Text(text)), Is(Text(part))] => functions::index_of(text, part);
    "count_of" [Is(Text(text)), Is(Text(part))] => functions::count_of(text, part);
    "pad_left" [Is(Text(text)), Is(Int(length)), Is(Text(with))] => functions::pad_left(text, *length, with)?;
    "pad_right" [Is(Text(text)), Is(Int(length)), Is(Text(with))] => functions::pad_right(text, *length, with)?;
    "repeat" [Is(Text(text)), Is(Int(times))] => functions::repeat(text, *times)?;
    "reverse" [Is(Text(text))] => functions::reverse(text);
    "nfc" [Is(Text(text))] => functions::nfc(text);
    "nfd" [Is(Text(text))] => functions::nfd(text);
    "squeeze" [Is(Text(text))] => functions::squeeze(text);
    "remove_prefix" [Is(Text(text)), Is(Text(prefix))] => functions::remove_prefix(text, prefix);
    "remove_suffix" [Is(Text(text)), Is(Text(suffix))] => functions::remove_suffix(text, suffix);
    "before" [Is(Text(text)), Is(Text(separator))] => functions::before(text, separator);
    "after" [Is(Text(text)), Is(Text(separator))] => functions::after(text, separator);
    "translate" [Is(Text(text)), Is(Text(from)), Is(Text(to))] => functions::translate(text, from, to);
    "mask" [Is(Text(text)), Is(Int(shown)), Is(Text(with))] => functions::mask(text, *shown, with);
    "code_point" [Is(Text(text))] => functions::code_point(text);
    "from_code_point" [Is(Int(number))] => functions::from_code_point(*number);
    "levenshtein" [Is(Text(left)), Is(Text(right))] => functions::levenshtein(left, right);

    "regex_replace" [Is(Text(text)), Is(Text(of)), Is(Text(with))] => regex::regex_replace(text, &pattern(of)?, with);
    "regex_extract" [Is(Text(text)), Is(Text(of)), Is(Int(group))] => regex::regex_extract(text, &pattern(of)?, *group);
    "regex_extract_all" [Is(Text(text)), Is(Text(of)), Is(Int(group))] =>
        regex::regex_extract_all(text, &pattern(of)?, *group);
    "regex_count" [Is(Text(text)), Is(Text(of))] => regex::regex_count(text, &pattern(of)?);
    "regex_split" [Is(Text(text)), Is(Text(of))] => regex::regex_split(text, &pattern(of)?);

    "int" [Is(Text(text))] => convert::int(text);
    "int" [Is(Int(value))] => *value;
    "int" [Is(Float(value))] => convert::int_of_float(*value);
    "int" [Is(Decimal(value, scale))] => convert::int_of_decimal(*value, *scale);
    "int" [Is(Value::Json(text))] => match json(text) { Json::Number(text) => convert::int(&text), _ => None };
    "float" [Is(Text(text))] => convert::float(text);
    "float" [Is(Int(value))] => *value as f64;
    "float" [Is(Decimal(value, scale))] => convert::float_of_decimal(*value, *scale);
    "float" [Is(Value::Json(text))] => match json(text) { Json::Number(text) => convert::float(&text), _ => None };
    "decimal" [Is(Text(text)), Is(Int(precision)), Is(Int(scale))] =>
        decimal_of(convert::decimal(text, digits(*precision), digits(*scale)), *scale);
    "decimal" [Is(Decimal(value, from)), Is(Int(precision)), Is(Int(scale))] =>
        decimal_of(decimal::cast(*value, *from, digits(*precision), digits(*scale)), *scale);
    "decimal" [Is(Float(value)), Is(Int(precision)), Is(Int(scale))] =>
        decimal_of(convert::decimal_of_float(*value, digits(*precision), digits(*scale)), *scale);
    "decimal" [Is(Value::Json(text)), Is(Int(precision)), Is(Int(scale))] => match json(text) {
        Json::Number(text) => decimal_of(convert::decimal(&text, digits(*precision), digits(*scale)), *scale),
        _ => Value::Missing,
    };
    "bool" [Is(Text(text))] => convert::bool(text);
    "bool" [Is(Value::Json(text))] => match json(text) { Json::Bool(value) => Some(value), _ => None };
    "text" [Is(Float(value)), Is(Int(digits))] => numbers::text_float(*value, *digits);
    "text" [Is(Value::Json(text))] => match json(text) { Json::Text(text) => Some(text), _ => None };
    "text" [Is(value)] => value.canonical();
    "date" [Is(Text(text))] => Day::parse(text);
    "timestamp" [Is(Text(text))] => At::parse(text);
    "uuid" [Is(Text(text))] => Id::parse(text);
    "json" [Is(Text(text))] => match Json::parse(text) { Some(json) => json_value(&json), None => Value::Missing };
    "parse" [Is(Text(text)), Is(Text(of)), Is(Text(zone))] => match (zones::Format::new(of), zones::zone(zone)) {
        (Ok(format), Some(zone)) => format.read(text, zone),
        _ => None,
    };
    "parse_date" [Is(Text(text)), Is(Text(of))] => zones::Format::new(of).ok().and_then(|format| format.read_date(text));

    "json_text" [Is(Value::Json(text))] => text.clone();
    "json_kind" [Is(Value::Json(text))] => json(text).kind();
    "json_get" [Is(Value::Json(text)), Is(Text(path))] => json(text).get(path).map(json_value);
    "json_keys" [Is(Value::Json(text))] => match json(text) {
        Json::Object(members) => Some(members.into_keys().collect::<Vec<_>>()),
        _ => None,
    };
    "json_list" [Is(Value::Json(text))] => match json(text) {
        Json::Array(items) => Some(items.iter().map(json_value).collect::<Vec<_>>()),
        _ => None,
    };
    "json_map" [Is(Value::Json(text))] => match json(text) {
        Json::Object(members) => Value::Map(members.iter().map(|(name, value)| (name.clone(), json_value(value))).collect()),
        _ => Value::Missing,
    };
    "json_len" [Is(Value::Json(text))] => json(text).count();

    "sha256" [Is(value)] => functions::sha256(&hashed(value)?).to_string();
    "sha512" [Is(value)] => functions::sha512(&hashed(value)?);
    "sha1" [Is(value)] => functions::sha1(&hashed(value)?);
    "md5" [Is(value)] => functions::md5(&hashed(value)?);
    "crc32" [Is(value)] => functions::crc32(&hashed(value)?);
    "pseudonym" [Is(Text(text))] => given.run.map(|run| run.key.pseudonym(text).to_string());
    "uuid5" [Is(Uuid(space)), Is(Text(name))] => functions::uuid5(*space, name);
    "base64" [Is(Text(text))] => functions::base64(text);
    "from_base64" [Is(Text(text))] => functions::from_base64(text);
    "hex" [Is(Text(text))] => functions::hex(text);
    "from_hex" [Is(Text(text))] => functions::from_hex(text);

    "url_scheme" [Is(Text(url))] => url::url_scheme(url);
    "url_host" [Is(Text(url))] => url::url_host(url);
    "url_port" [Is(Text(url))] => url::url_port(url);
    "url_path" [Is(Text(url))] => url::url_path(url);
    "url_query" [Is(Text(url))] => url::url_query(url);
    "url_fragment" [Is(Text(url))] => url::url_fragment(url);
    "url_parameter" [Is(Text(url)), Is(Text(name))] => url::url_parameter(url, name);
    "url_encode" [Is(Text(text))] => url::url_encode(text);
    "url_decode" [Is(Text(text))] => url::url_decode(text);

    "geo_distance" [Is(Float(a)), Is(Float(b)), Is(Float(c)), Is(Float(d))] => geo::geo_distance(*a, *b, *c, *d);
    "geo_bearing" [Is(Float(a)), Is(Float(b)), Is(Float(c)), Is(Float(d))] => geo::geo_bearing(*a, *b, *c, *d);
    "geo_in_box" [Is(Float(latitude)), Is(Float(longitude)), Is(Float(south)), Is(Float(west)), Is(Float(north)), Is(Float(east))] =>
        geo::geo_in_box((*latitude, *longitude), (*south, *west), (*north, *east));
    "geohash" [Is(Float(latitude)), Is(Float(longitude)), Is(Int(digits))] => geo::geohash(*latitude, *longitude, *digits);

    "greatest" [Is(first), Is(second)] => first.max(second).clone();
    "greatest" [Is(first), Is(second), Is(third)] => first.max(second).max(third).clone();
    "least" [Is(first), Is(second)] => first.min(second).clone();
    "least" [Is(first), Is(second), Is(third)] => first.min(second).min(third).clone();
    "clamp" [Is(value), Is(low), Is(high)] => value.min(high).max(low).clone();
    "null_if" [Is(value), Is(unknown)] => if value == unknown { Value::Missing } else { value.clone() };
    "first_present" [Is(first), Is(second), Is(third)] =>
        [first, second, third].into_iter().find(|value| !value.is_missing()).cloned();
}

theme! { NUMBERS, call_numbers, given;
    "abs" [Is(Int(value))] => numbers::abs_int(*value)?;
    "abs" [Is(Decimal(value, scale))] => Decimal(numbers::abs_decimal(*value), *scale);
    "abs" [Is(Float(value))] => value.abs();
    "sign" [Is(Int(value))] => numbers::sign_int(*value);
    "sign" [Is(Decimal(value, _))] => numbers::sign_decimal(*value);
    "sign" [Is(Float(value))] => numbers::sign_float(*value);
    "round" [Is(Decimal(value, scale)), Is(Int(_))] =>
        Decimal(numbers::round_decimal(*value, *scale, given.digits)?, given.digits.1);
    "round" [Is(Float(value)), Is(Int(digits))] => numbers::round_float(*value, *digits);
    "floor" [Is(Decimal(value, scale))] => Decimal(numbers::floor_decimal(*value, *scale), 0);
    "floor" [Is(Float(value))] => numbers::floor_float(*value);
    "ceil" [Is(Decimal(value, scale))] => Decimal(numbers::ceil_decimal(*value, *scale), 0);
    "ceil" [Is(Float(value))] => numbers::ceil_float(*value);
    "div" [Is(Int(dividend)), Is(Int(divisor))] => numbers::div(*dividend, *divisor)?;
    "mod" [Is(Int(dividend)), Is(Int(divisor))] => numbers::modulo(*dividend, *divisor);
    "power" [Is(Float(base)), Is(Float(exponent))] => numbers::power(*base, *exponent)?;
    "sqrt" [Is(Float(value))] => numbers::sqrt(*value);
    "cbrt" [Is(Float(value))] => value.cbrt();
    "exp" [Is(Float(value))] => numbers::number(value.exp())?;
    "ln" [Is(Float(value))] => numbers::ln(*value);
    "log10" [Is(Float(value))] => numbers::log10(*value);
    "log2" [Is(Float(value))] => numbers::log2(*value);
    "log" [Is(Float(value)), Is(Float(base))] => numbers::log(*value, *base);
    "sin" [Is(Float(angle))] => angle.sin();
    "cos" [Is(Float(angle))] => angle.cos();
    "tan" [Is(Float(angle))] => angle.tan();
    "asin" [Is(Float(value))] => numbers::asin(*value);
    "acos" [Is(Float(value))] => numbers::acos(*value);
    "atan" [Is(Float(value))] => value.atan();
    "atan2" [Is(Float(y)), Is(Float(x))] => numbers::atan2(*y, *x);
    "degrees" [Is(Float(radians))] => numbers::number(numbers::degrees(*radians))?;
    "radians" [Is(Float(degrees))] => numbers::radians(*degrees);
    "pi" [] => std::f64::consts::PI;
    "is_nan" [Is(Float(value))] => value.is_nan();
    "bit_and" [Is(Int(left)), Is(Int(right))] => left & right;
    "bit_or" [Is(Int(left)), Is(Int(right))] => left | right;
    "bit_xor" [Is(Int(left)), Is(Int(right))] => left ^ right;
    "shift_left" [Is(Int(value)), Is(Int(bits))] => numbers::shift_left(*value, *bits);
    "shift_right" [Is(Int(value)), Is(Int(bits))] => numbers::shift_right(*value, *bits);
    "bit_count" [Is(Int(value))] => i64::from(value.count_ones());
    "bucket" [Is(Float(value)), Is(Float(low)), Is(Float(high)), Is(Int(count))] =>
        numbers::bucket(*value, *low, *high, *count);
    "to_base16" [Is(Int(value))] => numbers::to_base16(*value);
    "from_base16" [Is(Text(text))] => numbers::from_base16(text);
}
