//! Reading whole maps with few system calls, which aya does not do.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use zerocopy::{FromBytes, IntoBytes};

const BPF_MAP_DELETE_ELEM: libc::c_int = 3;
const BPF_MAP_LOOKUP_AND_DELETE_ELEM: libc::c_int = 21;
const BPF_MAP_LOOKUP_BATCH: libc::c_int = 24;
/// Entries a call.
const BATCH: usize = 1024;

/// The part of `union bpf_attr` for batches.
#[repr(C)]
#[derive(Default)]
struct BatchAttributes {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    element_flags: u64,
    flags: u64,
}

/// The part of `union bpf_attr` for single elements.
#[repr(C)]
struct ElementAttributes {
    map: u32,
    unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Reads every entry of a hash map. Entries that come or go meanwhile may be missed or seen twice.
///
/// needs: `BPF_MAP_LOOKUP_BATCH`, since 5.6
pub(super) fn for_each<K, V>(map: BorrowedFd<'_>, mut visit: impl FnMut(&K, &V)) -> io::Result<()>
where
    K: FromBytes + IntoBytes + Clone,
    V: FromBytes + IntoBytes + Clone,
{
    let mut keys = vec![K::new_zeroed(); BATCH];
    let mut values = vec![V::new_zeroed(); BATCH];
    // The kernel keeps its place in as many bytes as a key has, and at least 4.
    let mut place = vec![0_u8; size_of::<K>().max(8)];
    let mut is_first = true;
    loop {
        let place_address = place.as_mut_ptr() as u64;
        let mut attributes = BatchAttributes {
            in_batch: if is_first { 0 } else { place_address },
            out_batch: place_address,
            keys: keys.as_mut_ptr() as u64,
            values: values.as_mut_ptr() as u64,
            count: u32::try_from(keys.len()).map_err(io::Error::other)?,
            map: raw(map),
            ..BatchAttributes::default()
        };
        // SAFETY: the addresses are of memory that is large enough for `count` entries and lives through the call.
        let result = unsafe { bpf(BPF_MAP_LOOKUP_BATCH, &raw mut attributes) };
        let is_last = match result {
            Ok(()) => false,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
            // One bucket holds more than a batch.
            Err(error) if error.raw_os_error() == Some(libc::ENOSPC) && keys.len() < 1 << 20 => {
                keys.resize(keys.len() * 2, K::new_zeroed());
                values.resize(values.len() * 2, V::new_zeroed());
                continue;
            }
            Err(error) => return Err(error),
        };
        let count = usize::try_from(attributes.count).map_err(io::Error::other)?;
        keys.iter().zip(&values).take(count).for_each(|(key, value)| visit(key, value));
        if is_last {
            return Ok(());
        }
        is_first = false;
    }
}

/// Removes an entry of a hash map and gives its last value.
///
/// needs: `BPF_MAP_LOOKUP_AND_DELETE_ELEM` on hash maps, since 5.14
pub(super) fn take<K: IntoBytes, V: FromBytes + IntoBytes>(map: BorrowedFd<'_>, key: &K) -> io::Result<V> {
    let mut value = V::new_zeroed();
    let mut attributes = element(map, key, (&raw mut value) as u64);
    // SAFETY: the addresses are of a key and of room for a value, and live through the call.
    unsafe { bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &raw mut attributes) }?;
    Ok(value)
}

/// Removes an entry of a hash map.
pub(super) fn remove<K: IntoBytes>(map: BorrowedFd<'_>, key: &K) -> io::Result<()> {
    let mut attributes = element(map, key, 0);
    // SAFETY: the address is of a key that lives through the call.
    unsafe { bpf(BPF_MAP_DELETE_ELEM, &raw mut attributes) }
}

fn element<K>(map: BorrowedFd<'_>, key: &K, value: u64) -> ElementAttributes {
    ElementAttributes { map: raw(map), unused: 0, key: std::ptr::from_ref(key) as u64, value, flags: 0 }
}

fn raw(map: BorrowedFd<'_>) -> u32 {
    u32::try_from(map.as_raw_fd()).unwrap_or(u32::MAX)
}

/// # Safety
///
/// The attributes are those that the command expects, and the addresses in them are valid for it.
unsafe fn bpf<T>(command: libc::c_int, attributes: *mut T) -> io::Result<()> {
    // SAFETY: by the caller.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<T>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
