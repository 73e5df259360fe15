//! Rows of Parquet files as JSON objects, with the texts that the decoding of records reads: decimals with all their
//! digits, times in RFC 3339.

use parquet::data_type::Decimal;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use pipec_runtime::types::decimal;
use pipec_runtime::{Date, Timestamp, encode};

use crate::Error;

/// Gives each row of a file, as one line.
///
/// # Errors
/// Where the file is no Parquet.
pub fn lines(bytes: Vec<u8>, each: &mut impl FnMut(&[u8])) -> Result<(), Error> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes))?;
    let mut line = Vec::new();
    for row in reader.get_row_iter(None)? {
        line.clear();
        object(&mut line, &row?);
        each(&line);
    }
    Ok(())
}

fn object(out: &mut Vec<u8>, row: &Row) {
    out.push(b'{');
    let mut empty = true;
    for (name, field) in row.get_column_iter() {
        if matches!(field, Field::Null) {
            continue;
        }
        if !empty {
            out.push(b',');
        }
        empty = false;
        encode::string(out, name);
        out.push(b':');
        value(out, field);
    }
    out.push(b'}');
}

fn value(out: &mut Vec<u8>, field: &Field) {
    match field {
        Field::Null => out.extend_from_slice(b"null"),
        Field::Bool(value) => out.extend_from_slice(if *value {
            b"true"
        } else {
            b"false"
        }),
        Field::Byte(value) => number(out, value),
        Field::Short(value) => number(out, value),
        Field::Int(value) => number(out, value),
        Field::Long(value) => number(out, value),
        Field::UByte(value) => number(out, value),
        Field::UShort(value) => number(out, value),
        Field::UInt(value) => number(out, value),
        Field::ULong(value) => number(out, value),
        Field::Float16(value) => number(out, &format!("{:?}", value.to_f64())),
        Field::Float(value) => number(out, &format!("{value:?}")),
        Field::Double(value) => number(out, &format!("{value:?}")),
        Field::Decimal(value) => number(out, &decimal_text(value)),
        Field::Str(text) => encode::string(out, text),
        Field::Bytes(bytes) => encode::string(out, &base64_simd::STANDARD.encode_to_string(bytes.data())),
        Field::Date(days) => encode::string(out, &Date(*days).to_string()),
        Field::TimeMillis(time) => number(out, time),
        Field::TimeMicros(time) => number(out, time),
        Field::TimestampMillis(millis) => encode::string(out, &Timestamp(millis.saturating_mul(1_000)).to_string()),
        Field::TimestampMicros(micros) => encode::string(out, &Timestamp(*micros).to_string()),
        Field::Group(row) => object(out, row),
        Field::ListInternal(list) => {
            out.push(b'[');
            for (place, item) in list.elements().iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                value(out, item);
            }
            out.push(b']');
        }
        Field::MapInternal(map) => {
            out.push(b'{');
            for (place, (key, item)) in map.entries().iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                let name = match key {
                    Field::Str(text) => text.clone(),
                    other => other.to_string(),
                };
                encode::string(out, &name);
                out.push(b':');
                value(out, item);
            }
            out.push(b'}');
        }
        // A kind of a later version of the format.
        #[allow(unreachable_patterns, reason = "which kinds there are depends on what the reader was built with")]
        other => encode::string(out, &other.to_string()),
    }
}

fn number(out: &mut Vec<u8>, value: &impl std::fmt::Display) {
    out.extend_from_slice(value.to_string().as_bytes());
}

fn decimal_text(value: &Decimal) -> String {
    let bytes = value.data();
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let mut unscaled: i128 = if negative {
        -1
    } else {
        0
    };
    for byte in bytes {
        unscaled = (unscaled << 8) | i128::from(*byte);
    }
    decimal::Text(unscaled, u8::try_from(value.scale()).unwrap_or_default()).to_string()
}
