//! Places on earth, a sphere; degrees.

/// Metres, the mean radius.
const RADIUS: f64 = 6_371_008.8;
const DIGITS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

fn on_earth(latitude: f64) -> bool {
    (-90.0..=90.0).contains(&latitude)
}

/// Metres along a great circle.
pub fn geo_distance(latitude: f64, longitude: f64, other_latitude: f64, other_longitude: f64) -> Option<f64> {
    if !on_earth(latitude) || !on_earth(other_latitude) || !(other_longitude - longitude).is_finite() {
        return None;
    }
    let (from, to) = (latitude.to_radians(), other_latitude.to_radians());
    let north = ((other_latitude - latitude).to_radians() / 2.0).sin();
    let east = ((other_longitude - longitude).to_radians() / 2.0).sin();
    let half = north * north + from.cos() * to.cos() * east * east;
    Some(2.0 * RADIUS * half.sqrt().min(1.0).asin())
}

/// Degrees from north, clockwise.
pub fn geo_bearing(latitude: f64, longitude: f64, other_latitude: f64, other_longitude: f64) -> Option<f64> {
    if !on_earth(latitude) || !on_earth(other_latitude) || !(other_longitude - longitude).is_finite() {
        return None;
    }
    let (from, to) = (latitude.to_radians(), other_latitude.to_radians());
    let east = (other_longitude - longitude).to_radians();
    let y = east.sin() * to.cos();
    let x = from.cos() * to.sin() - from.sin() * to.cos() * east.cos();
    let degrees = y.atan2(x).to_degrees();
    Some(if degrees < 0.0 { degrees + 360.0 } else { degrees })
}

/// Whether a place is in a box, edges in; the corners as (south, west) and (north, east).
pub fn geo_in_box(place: (f64, f64), low: (f64, f64), high: (f64, f64)) -> bool {
    let (latitude, longitude) = place;
    let (west, east) = (low.1, high.1);
    let across = match west <= east {
        true => (west..=east).contains(&longitude),
        false => longitude >= west || longitude <= east,
    };
    across && (low.0..=high.0).contains(&latitude)
}

/// The geohash of a place.
pub fn geohash(latitude: f64, longitude: f64, digits: i64) -> Option<String> {
    if !on_earth(latitude) || !(-180.0..=180.0).contains(&longitude) {
        return None;
    }
    let (mut latitudes, mut longitudes) = ((-90.0, 90.0), (-180.0, 180.0));
    let mut hash = String::new();
    let mut even = true;
    for _ in 0..digits.clamp(1, 12) {
        let mut digit = 0;
        for _ in 0..5 {
            let (value, range) = match even {
                true => (longitude, &mut longitudes),
                false => (latitude, &mut latitudes),
            };
            let middle = (range.0 + range.1) / 2.0;
            digit *= 2;
            if value >= middle {
                digit += 1;
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            even = !even;
        }
        hash.push(DIGITS.get(digit).copied().map_or('0', char::from));
    }
    Some(hash)
}
