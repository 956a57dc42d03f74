//! What a file descriptor of the current process is.

use aya_ebpf::helpers::generated::bpf_get_current_task;
use goldwire_probe_events::ABSENT;

use crate::kernel::{self, offset};

/// `S_IFMT` and `S_IFSOCK` of `stat(2)`.
const FILE_KIND: u16 = 0o170_000;
const SOCKET: u16 = 0o140_000;

/// Cookie of the socket behind a descriptor; `None` where there is no such, or where this kernel's structs are not known.
#[inline(always)]
pub fn socket_cookie(descriptor: u64) -> Option<u64> {
    // SAFETY: takes nothing and cannot fail.
    let task = unsafe { bpf_get_current_task() };
    let files: u64 = field(task, offset!(task_files))?;
    let table: u64 = field(files, offset!(files_table))?;
    let size: u32 = field(table, offset!(table_size))?;
    if descriptor >= u64::from(size) {
        return None;
    }
    let list: u64 = field(table, offset!(table_files))?;
    let file: u64 = kernel::read(list + 8 * descriptor)?;
    let inode: u64 = field(file, offset!(file_inode))?;
    let mode: u16 = field(inode, offset!(inode_mode))?;
    if mode & FILE_KIND != SOCKET {
        return None;
    }
    let socket: u64 = field(file, offset!(file_private))?;
    let sock: u64 = field(socket, offset!(socket_sock))?;
    let cookie: u64 = field(sock, offset!(sock_cookie))?;
    (cookie != 0).then_some(cookie)
}

/// A field of a struct that only its address is known of.
#[inline(always)]
fn field<T: Copy>(address: u64, offset: u32) -> Option<T> {
    if address == 0 || offset == ABSENT {
        return None;
    }
    kernel::read(address + u64::from(offset))
}
