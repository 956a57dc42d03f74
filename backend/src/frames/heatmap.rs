//! Heatmap: a row a cell that is not empty.

use goldwire_answer::table::Heatmap;

use super::{Frame, FrameField};

/// A cell's place and count.
struct Cell {
    end: i64,
    lower: f64,
    upper: f64,
    count: f64,
}

pub(super) fn frame(heatmap: &Heatmap) -> Frame {
    let cells = cells(heatmap);
    let unit = heatmap.signal.heatmap_measure().map(goldwire_model::signal::Measure::unit);
    Frame::new(heatmap.signal.name())
        .of("heatmap-cells", [0, 0])
        .field(FrameField::times("xMax", cells.iter().map(|cell| cell.end)).with("interval", heatmap.step_millis))
        .field(FrameField::numbers("yMin", cells.iter().map(|cell| cell.lower)).unit(unit))
        .field(FrameField::numbers("yMax", cells.iter().map(|cell| cell.upper)).unit(unit))
        .field(FrameField::numbers("count", cells.iter().map(|cell| cell.count)).unit(Some("short")))
        // The panel's own name for "bounds are as they stand here".
        .field(FrameField::small_integers("yLayout", cells.iter().map(|_| 0)))
}

fn cells(heatmap: &Heatmap) -> Vec<Cell> {
    let bounds = &heatmap.upper_bounds;
    // The first bucket is as wide, on the logarithmic scale, as its neighbour.
    let first_lower = match bounds.as_slice() {
        [first, second, ..] => first * first / second,
        [only] => only / 2.0,
        [] => 0.0,
    };
    let lower = |bucket: usize| if bucket == 0 { first_lower } else { bounds[bucket - 1] };
    let mut cells = Vec::new();
    for (time, counts) in heatmap.times.iter().zip(&heatmap.counts) {
        for (bucket, (count, upper)) in counts.iter().zip(bounds).enumerate().filter(|(_, (count, _))| **count > 0) {
            let end = time + heatmap.step_millis;
            cells.push(Cell { end, lower: lower(bucket), upper: *upper, count: *count as f64 });
        }
    }
    cells
}
