//! Figures in the form that `cargo xtask bench` collects.

use std::time::Duration;

/// Prints one figure.
pub(crate) fn figure(name: &str, value: f64, unit: &str, bar: &str) {
    println!("goldwire-bench {name} {value:.2} {unit} {bar}");
}

/// Says what is being done, for whoever waits.
pub(crate) fn step(text: &str) {
    println!("plugin: {text}");
}

/// A time that occurred, with so large a share (0 to 1) of all at or below it.
pub(crate) fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    let rank = (share * times.len() as f64).ceil() as usize;
    times[rank.clamp(1, times.len()) - 1]
}

/// In milliseconds.
pub(crate) const fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// True where the command line names no benchmark, or a part of this one's name.
pub(crate) fn is_wanted(name: &str) -> bool {
    let mut filters = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    filters.peek().is_none() || filters.any(|filter| name.contains(&filter))
}
