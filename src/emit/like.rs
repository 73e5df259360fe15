//! Patterns of `like` for engines that read them as SQL does. It must not know how an engine writes texts.

/// A pattern of `like` in which only what has to be is escaped: Spark and Trino take no other escapes.
pub fn like(pattern: &str) -> String {
    let mut out = String::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        let plain = match sign {
            '%' | '_' => {
                out.push(sign);
                continue;
            }
            '\\' => signs.next().unwrap_or('\\'),
            other => other,
        };
        if matches!(plain, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(plain);
    }
    out
}
