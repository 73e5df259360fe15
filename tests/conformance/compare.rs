//! Whether two engines have answered the same.

use pipec::plan::expr::Literal;

/// Equal values; floats bit for bit but for the sign of zero and the kind of NaN, or to a relative difference.
pub fn same(one: &Literal, other: &Literal, relative: f64) -> bool {
    match (one, other) {
        (Literal::Float(one), Literal::Float(other)) => {
            let near = || (one - other).abs() <= relative * one.abs().max(other.abs());
            one == other || (one.is_nan() && other.is_nan()) || near()
        }
        (Literal::List(one), Literal::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other, relative))
        }
        (Literal::Map(one), Literal::Map(other)) | (Literal::Struct(one), Literal::Struct(other)) => {
            let equal = |(one, other): (&(String, Literal), &(String, Literal))| {
                one.0 == other.0 && same(&one.1, &other.1, relative)
            };
            one.len() == other.len() && one.iter().zip(other).all(equal)
        }
        (one, other) => one == other,
    }
}
