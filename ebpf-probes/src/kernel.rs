//! Fields of the kernel's structs, by the offsets that the daemon found in the kernel's BTF.

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;
use goldwire_probe_events::Offsets;

/// Set by the daemon before loading, and frozen, so the verifier knows the values.
#[unsafe(no_mangle)]
pub static OFFSETS: Offsets = Offsets::UNKNOWN;

/// The offset of a field.
macro_rules! offset {
    ($field:ident) => {
        // SAFETY: an initialised static; volatile, because the daemon replaces its value after compilation.
        unsafe { core::ptr::read_volatile(&raw const $crate::kernel::OFFSETS.$field) }
    };
}
pub(crate) use offset;

/// Points to a struct of the kernel whose type the verifier knows.
#[derive(Clone, Copy)]
pub struct Struct(*const u8);

impl Struct {
    /// `pointer` comes from a tracepoint's argument or from a helper.
    #[inline(always)]
    pub fn new(pointer: *const u8) -> Option<Self> {
        (!pointer.is_null()).then_some(Self(pointer))
    }

    #[inline(always)]
    pub fn as_ptr(self) -> *const u8 {
        self.0
    }

    /// Loads a field.
    #[inline(always)]
    pub fn field<T: Copy>(self, offset: u32) -> T {
        // SAFETY: the verifier checks offset and size against the kernel's types, and faults read as zero.
        unsafe { self.0.add(offset as usize).cast::<T>().read() }
    }

    /// Follows a field that is a pointer to another struct.
    #[inline(always)]
    pub fn follow(self, offset: u32) -> Option<Self> {
        Self::new(self.field::<*const u8>(offset))
    }
}

/// Reads memory of the kernel at an address that the verifier knows nothing about.
#[inline(always)]
pub fn read<T: Copy>(address: u64) -> Option<T> {
    let mut value = core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: the helper writes the whole value, or fails.
    let result = unsafe {
        bpf_probe_read_kernel(value.as_mut_ptr().cast(), size_of::<T>() as u32, address as *const core::ffi::c_void)
    };
    // SAFETY: written, as the helper succeeded.
    (result == 0).then(|| unsafe { value.assume_init() })
}
