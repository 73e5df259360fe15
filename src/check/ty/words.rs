//! What types are called elsewhere, and here.

/// The words of plain types and of those that take brackets, for suggestions.
pub(super) const WORDS: [&str; 15] = [
    "bool",
    "int",
    "float",
    "decimal",
    "string",
    "bytes",
    "date",
    "timestamp",
    "duration",
    "uuid",
    "json",
    "list",
    "map",
    "struct",
    "object",
];

/// What a word of another language means here: the text to write, and whether it keeps what stands in its brackets.
pub(super) fn elsewhere(word: &str) -> Option<(&'static str, bool)> {
    Some(match word.to_lowercase().as_str() {
        "text" | "varchar" | "nvarchar" | "char" | "nchar" | "character" | "str" | "clob" | "utf8" => ("string", false),
        "integer" | "bigint" | "smallint" | "tinyint" | "long" | "short" | "byte" | "i8" | "i16" | "i32" | "i64"
        | "u8" | "u16" | "u32" | "u64" | "int2" | "int4" | "int8" | "int16" | "int32" | "int64" | "uint" | "usize"
        | "serial" | "bigserial" => ("int", false),
        "double" | "real" | "f32" | "f64" | "float4" | "float8" | "float32" | "float64" => ("float", false),
        "boolean" | "bit" | "logical" => ("bool", false),
        "datetime" | "time" | "timestamptz" | "instant" | "datetime2" => ("timestamp", false),
        "localdate" | "day" => ("date", false),
        "numeric" | "dec" => ("decimal", true),
        "money" | "number" | "bigdecimal" => ("decimal(12, 2)", false),
        "binary" | "varbinary" | "bytea" | "blob" | "bytearray" => ("bytes", false),
        "interval" | "timedelta" => ("duration", false),
        "guid" | "uniqueidentifier" => ("uuid", false),
        "jsonb" | "variant" | "any" | "super" => ("json", false),
        "array" | "vec" | "set" | "seq" | "slice" => ("list", true),
        "dict" | "hashmap" | "btreemap" | "dictionary" => ("map", true),
        "file" | "image" | "document" => ("object", false),
        _ => return None,
    })
}
