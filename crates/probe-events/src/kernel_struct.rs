//! Where the fields of this kernel's structs are. The daemon reads them from the kernel's BTF.

/// An offset of a field that this kernel lacks.
pub const ABSENT: u32 = u32::MAX;

macro_rules! offsets {
    ($count:literal: $($(#[$meta:meta])* $field:ident = $structure:literal $path:literal $need:ident,)*) => {
        wire! {
            /// Offsets in bytes, or [`ABSENT`].
            pub struct Offsets: $count {
                $(
                    $(#[$meta])*
                    #[doc = concat!("Of `", $path, "` in `struct ", $structure, "`.")]
                    pub $field: u32,
                )*
            }
        }

        impl Offsets {
            /// No field is known.
            pub const UNKNOWN: Self = Self { $($field: ABSENT,)* };

            /// Each field: its name here, its struct, its path there, and whether probes cannot do without it.
            pub const FIELDS: &[(&str, &str, &str, Need)] = &[
                $((stringify!($field), $structure, $path, Need::$need),)*
            ];
        }
    };
}

/// What the absence of a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The probes that use it cannot work.
    Required,
    /// Its value is told as 0.
    Optional,
}

offsets! { 248:
    sock_family = "sock" "__sk_common.skc_family" Required,
    sock_cookie = "sock" "__sk_common.skc_cookie" Required,
    sock_local4 = "sock" "__sk_common.skc_rcv_saddr" Required,
    sock_remote4 = "sock" "__sk_common.skc_daddr" Required,
    sock_local6 = "sock" "__sk_common.skc_v6_rcv_saddr" Optional,
    sock_remote6 = "sock" "__sk_common.skc_v6_daddr" Optional,
    sock_remote_port = "sock" "__sk_common.skc_dport" Required,
    sock_namespace = "sock" "__sk_common.skc_net.net" Required,
    sock_flags = "sock" "__sk_common.skc_flags" Optional,
    sock_error = "sock" "sk_err" Required,
    tcp_local_port = "tcp_sock" "inet_conn.icsk_inet.inet_sport" Required,
    tcp_bytes_sent = "tcp_sock" "bytes_sent" Optional,
    tcp_bytes_retransmitted = "tcp_sock" "bytes_retrans" Optional,
    tcp_bytes_acked = "tcp_sock" "bytes_acked" Required,
    tcp_bytes_received = "tcp_sock" "bytes_received" Required,
    tcp_segments_sent = "tcp_sock" "segs_out" Required,
    tcp_segments_received = "tcp_sock" "segs_in" Required,
    tcp_data_segments_sent = "tcp_sock" "data_segs_out" Required,
    tcp_data_segments_received = "tcp_sock" "data_segs_in" Required,
    tcp_retransmits = "tcp_sock" "total_retrans" Required,
    tcp_srtt = "tcp_sock" "srtt_us" Required,
    tcp_rtt_min = "tcp_sock" "rtt_min" Optional,
    tcp_send_next = "tcp_sock" "snd_nxt" Required,
    tcp_receive_next = "tcp_sock" "rcv_nxt" Required,
    tcp_send_unacknowledged = "tcp_sock" "snd_una" Required,
    sock_state = "sock" "__sk_common.skc_state" Required,
    skb_head = "sk_buff" "head" Required,
    skb_network_header = "sk_buff" "network_header" Required,
    skb_protocol = "sk_buff" "protocol" Required,
    skb_device = "sk_buff" "dev" Required,
    skb_socket = "sk_buff" "sk" Required,
    device_namespace = "net_device" "nd_net.net" Required,
    namespace_inode = "net" "ns.inum" Required,
    task_pid = "task_struct" "pid" Required,
    task_thread_group = "task_struct" "tgid" Required,
    task_parent = "task_struct" "real_parent" Required,
    task_signal = "task_struct" "signal" Required,
    task_exit_code = "task_struct" "exit_code" Required,
    signal_live = "signal_struct" "live" Required,
    signal_group_exit_code = "signal_struct" "group_exit_code" Required,
    task_leader = "task_struct" "group_leader" Optional,
    task_started = "task_struct" "start_boottime" Optional,
    task_credentials = "task_struct" "cred" Optional,
    credentials_user = "cred" "euid.val" Optional,
    task_memory = "task_struct" "mm" Optional,
    memory_arguments = "mm_struct" "arg_start" Optional,
    memory_arguments_end = "mm_struct" "arg_end" Optional,
    binary_file_name = "linux_binprm" "filename" Required,
    task_cgroups = "task_struct" "cgroups" Optional,
    cgroups_default = "css_set" "dfl_cgrp" Optional,
    cgroups_pids = "css_set" "subsys[pids_cgrp_id]" Optional,
    subsystem_cgroup = "cgroup_subsys_state" "cgroup" Optional,
    cgroup_node = "cgroup" "kn" Optional,
    node_name = "kernfs_node" "name" Optional,
    task_files = "task_struct" "files" Optional,
    files_table = "files_struct" "fdt" Optional,
    table_size = "fdtable" "max_fds" Optional,
    table_files = "fdtable" "fd" Optional,
    file_inode = "file" "f_inode" Optional,
    file_private = "file" "private_data" Optional,
    inode_mode = "inode" "i_mode" Optional,
    socket_sock = "socket" "sk" Optional,
}
