//! Columns of unsigned numbers, each as narrow as its largest value allows.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, PrimitiveArray,
    cast::AsArray,
    types::{ArrowPrimitiveType, UInt8Type, UInt16Type, UInt32Type, UInt64Type},
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;

/// Stands for "no value" wherever numbers are handed around as `u64`. No field has a value as large.
pub(crate) const ABSENT: u64 = u64::MAX;

/// Packs `values` into the narrowest array that holds them; `None` where not one value is present.
pub(crate) fn pack(values: &[u64]) -> Option<ArrayRef> {
    let mut largest = None;
    let mut absent = 0;
    for &value in values {
        if value == ABSENT {
            absent += 1;
        } else {
            largest = largest.max(Some(value));
        }
    }
    let largest = largest?;
    let nulls =
        (absent > 0).then(|| NullBuffer::new(BooleanBuffer::collect_bool(values.len(), |row| values[row] != ABSENT)));
    Some(pack_below(values, largest, nulls))
}

fn pack_below(values: &[u64], largest: u64, nulls: Option<NullBuffer>) -> ArrayRef {
    // The casts cut absent values only, and those are masked by `nulls`.
    match largest {
        0..=0xff => array::<UInt8Type>(values.iter().map(|value| *value as u8).collect(), nulls),
        0x100..=0xffff => array::<UInt16Type>(values.iter().map(|value| *value as u16).collect(), nulls),
        0x1_0000..=0xffff_ffff => array::<UInt32Type>(values.iter().map(|value| *value as u32).collect(), nulls),
        _ => array::<UInt64Type>(values.to_vec(), nulls),
    }
}

fn array<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls))
}

/// A packed column, open for reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers<'a> {
    values: Width<'a>,
    nulls: Option<&'a NullBuffer>,
    /// Added to every value.
    base: u64,
}

#[derive(Clone, Copy, Debug)]
enum Width<'a> {
    /// Not one row has a value.
    Nothing,
    One(&'a [u8]),
    Two(&'a [u16]),
    Four(&'a [u32]),
    Eight(&'a [u64]),
}

impl<'a> Numbers<'a> {
    /// A column in which every row is absent.
    pub(crate) const NOTHING: Self = Self { values: Width::Nothing, nulls: None, base: 0 };

    /// Opens what [`pack`] made.
    pub(crate) fn open(array: Option<&'a ArrayRef>, base: u64) -> Self {
        let Some(array) = array else { return Self::NOTHING };
        let values = match array.data_type() {
            DataType::UInt8 => Width::One(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Width::Two(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Width::Four(array.as_primitive::<UInt32Type>().values()),
            DataType::UInt64 => Width::Eight(array.as_primitive::<UInt64Type>().values()),
            _ => Width::Nothing,
        };
        Self { values, nulls: array.nulls(), base }
    }

    /// Reads numbers that were never packed.
    pub(crate) const fn plain(values: &'a [u64]) -> Self {
        Self { values: Width::Eight(values), nulls: None, base: 0 }
    }

    /// True where no row has a value.
    pub(crate) const fn is_nothing(&self) -> bool {
        matches!(self.values, Width::Nothing)
    }

    /// The value of one row, or [`ABSENT`].
    #[inline]
    pub(crate) fn get(&self, row: usize) -> u64 {
        let value = match self.values {
            Width::Nothing => return ABSENT,
            Width::One(values) => u64::from(values[row]),
            Width::Two(values) => u64::from(values[row]),
            Width::Four(values) => u64::from(values[row]),
            Width::Eight(values) => values[row],
        };
        match self.nulls {
            Some(nulls) if nulls.is_null(row) => ABSENT,
            // Values that were never packed may hold `ABSENT` themselves.
            _ => value.saturating_add(self.base),
        }
    }

    /// Calls `each` with the place in `rows`, and the value, of every row that has one.
    #[inline]
    pub(crate) fn for_each(&self, rows: &[u32], each: impl FnMut(usize, u64)) {
        match self.values {
            Width::Nothing => {}
            Width::One(values) => self.visit(rows, values, each),
            Width::Two(values) => self.visit(rows, values, each),
            Width::Four(values) => self.visit(rows, values, each),
            Width::Eight(values) => self.visit(rows, values, each),
        }
    }

    /// Calls `each` with the place in `range`, and the value, of every row of the range. For columns without absent
    /// values.
    #[inline]
    pub(crate) fn for_each_in(&self, range: std::ops::Range<usize>, mut each: impl FnMut(usize, u64)) {
        let base = self.base;
        let mut wide = |(place, value): (usize, u64)| each(place, value.saturating_add(base));
        match self.values {
            Width::Nothing => {}
            Width::One(values) => values[range].iter().map(|value| u64::from(*value)).enumerate().for_each(&mut wide),
            Width::Two(values) => values[range].iter().map(|value| u64::from(*value)).enumerate().for_each(&mut wide),
            Width::Four(values) => values[range].iter().map(|value| u64::from(*value)).enumerate().for_each(&mut wide),
            Width::Eight(values) => values[range].iter().copied().enumerate().for_each(&mut wide),
        }
    }

    /// The values of all `rows` rows, for columns without absent values.
    pub(crate) fn all(&self, rows: usize) -> Vec<u64> {
        let mut values = Vec::with_capacity(rows);
        self.for_each_in(0..rows, |_, value| values.push(value));
        values
    }

    #[inline]
    fn visit<T: Copy + Into<u64>>(&self, rows: &[u32], values: &[T], mut each: impl FnMut(usize, u64)) {
        for (place, &row) in rows.iter().enumerate() {
            let row = row as usize;
            if self.nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                let value: u64 = values[row].into();
                if value != ABSENT {
                    each(place, value.saturating_add(self.base));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_value_comes_back(
            values in prop::collection::vec(prop_oneof![
                Just(ABSENT), 0..300_u64, 0..70_000_u64, 0..(1_u64 << 33), Just(u64::from(u32::MAX)),
            ], 0..40),
        ) {
            let packed = pack(&values);
            let numbers = Numbers::open(packed.as_ref(), 0);
            let rows: Vec<u32> = (0..values.len() as u32).collect();
            let mut seen = vec![ABSENT; values.len()];
            numbers.for_each(&rows, |place, value| seen[place] = value);
            prop_assert_eq!(&seen, &values);
            let read: Vec<u64> = (0..values.len()).map(|row| numbers.get(row)).collect();
            prop_assert_eq!(&read, &values);
        }
    }

    #[test]
    fn a_column_is_as_narrow_as_its_largest_value() {
        let width = |largest: u64| pack(&[1, largest]).map(|array| array.data_type().clone());
        assert_eq!(width(255), Some(DataType::UInt8));
        assert_eq!(width(256), Some(DataType::UInt16));
        assert_eq!(width(65_536), Some(DataType::UInt32));
        assert_eq!(width(1 << 32), Some(DataType::UInt64));
        assert!(pack(&[ABSENT, ABSENT]).is_none());
    }
}
