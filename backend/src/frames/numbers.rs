//! Numbers as short text, where a panel prints what it gets: three digits and a unit.

/// `1.25 k`, `87.5`, `0.012`
fn three_digits(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        magnitude if magnitude >= 99.95 => 0,
        magnitude if magnitude >= 9.995 => 1,
        magnitude if magnitude >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    while value.abs() >= base * 0.9995 {
        let Some(next) = units.next() else { break };
        value /= base;
        unit = next;
    }
    format!("{} {unit}", three_digits(value))
}

/// Requests a second.
pub(super) fn requests_per_second(value: f64) -> String {
    scaled(value, 1_000.0, &["req/s", "k req/s", "M req/s"])
}

/// Bytes a second.
pub(super) fn bytes_per_second(value: f64) -> String {
    scaled(value, 1_000.0, &["B/s", "kB/s", "MB/s", "GB/s"])
}

/// Bytes.
pub(super) fn bytes(value: u64) -> String {
    scaled(value as f64, 1_000.0, &["B", "kB", "MB", "GB", "TB"])
}

/// A share, 0 to 1.
pub(super) fn percent(value: f64) -> String {
    format!("{} %", three_digits(value * 100.0))
}

/// Seconds.
pub(super) fn seconds(value: f64) -> String {
    if value >= 0.9995 {
        return format!("{} s", three_digits(value));
    }
    scaled(value * 1e9, 1_000.0, &["ns", "µs", "ms"])
}

/// A whole number with its thousands apart.
pub(super) fn whole(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(requests_per_second(0.0), "0 req/s");
        assert_eq!(requests_per_second(12.345), "12.3 req/s");
        assert_eq!(requests_per_second(999.99), "1 k req/s");
        assert_eq!(bytes_per_second(1_250_000.0), "1.25 MB/s");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(percent(0.012_34), "1.23 %");
        assert_eq!(seconds(0.012_3), "12.3 ms");
        assert_eq!(seconds(0.000_000_5), "500 ns");
        assert_eq!(seconds(2.5), "2.5 s");
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(whole(123), "123");
    }
}
