//! How lists of a query grow: by a quarter at a time and not by doubling, since what they may take is counted.

/// Makes room for so many more items.
#[inline]
pub(crate) fn make_room<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity() - items.len() < more {
        grow(items, more);
    }
}

#[cold]
fn grow<T>(items: &mut Vec<T>, more: usize) {
    const LEAST: usize = 16;
    items.reserve_exact(more.max(items.len() / 4).max(LEAST));
}

/// Makes room for that many items, all of which hold `nothing` until they are filled.
pub(crate) fn lengthen<T: Clone>(items: &mut Vec<T>, length: usize, nothing: T) {
    make_room(items, length.saturating_sub(items.len()));
    items.resize(length, nothing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_for_a_quarter_more() {
        let mut items: Vec<u64> = Vec::new();
        for number in 0..100_000 {
            make_room(&mut items, 1);
            items.push(number);
        }
        assert!(items.capacity() <= 125_000);
        lengthen(&mut items, 500_000, 7);
        assert_eq!((items.len(), items[499_999]), (500_000, 7));
    }
}
