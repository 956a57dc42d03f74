//! The hooks, and what each is for.

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    BufferReceived,
    BufferSent,
    /// Called by another program, by way of the array of this name.
    CalledByReceived(&'static str),
    CalledBySent(&'static str),
    SocketCreated,
    SocketReleased,
    SocketOperations,
    DatagramAsked,
    /// A tracepoint with types, by its name.
    Tracepoint(&'static str),
    /// Functions of user space, which are found while the daemon runs.
    UserFunctions,
}

/// One program of the object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hook {
    /// Name of the program.
    pub(super) program: &'static str,
    pub(super) place: Place,
    /// The hook's name as people know it.
    pub(super) name: &'static str,
    /// What it tells.
    pub(super) signal: &'static str,
    /// What is not known without it.
    pub(super) cost_if_missing: &'static str,
    /// The oldest kernel that has it.
    pub(super) since: &'static str,
    /// Whether observing makes no sense without it.
    pub(super) is_required: bool,
    /// Whether it is used only where the daemon is confined to a cgroup.
    pub(super) only_confined: bool,
}

const OPTIONAL: Hook = Hook {
    program: "",
    place: Place::BufferSent,
    name: "",
    signal: "",
    cost_if_missing: "",
    since: "",
    is_required: false,
    only_confined: false,
};

/// All of them, in the order in which they are attached: those that end something first, so that nothing is begun whose end
/// is missed; payload last.
pub(super) const HOOKS: &[Hook] = &[
    Hook {
        program: "socket_released",
        place: Place::SocketReleased,
        name: "cgroup/sock_release",
        signal: "end of UDP sockets",
        cost_if_missing: "the map of sockets keeps closed UDP sockets and fills",
        since: "5.9",
        ..OPTIONAL
    },
    Hook {
        program: "reset_received",
        place: Place::Tracepoint("tcp_receive_reset"),
        name: "tp_btf/tcp_receive_reset",
        signal: "resets received",
        cost_if_missing: "connections ended by a reset from the other side look closed",
        since: "5.5",
        ..OPTIONAL
    },
    Hook {
        program: "reset_sent",
        place: Place::Tracepoint("tcp_send_reset"),
        name: "tp_btf/tcp_send_reset",
        signal: "resets sent",
        cost_if_missing: "connections reset by this side look closed",
        since: "5.5",
        ..OPTIONAL
    },
    Hook {
        program: "tcp_state",
        place: Place::Tracepoint("inet_sock_set_state"),
        name: "tp_btf/inet_sock_set_state",
        signal: "TCP connections: connect, latency, failure, end, final counters",
        cost_if_missing: "no connection is seen to begin or to end, and failed connects not at all",
        since: "5.12",
        ..OPTIONAL
    },
    Hook {
        program: "socket_operation",
        place: Place::SocketOperations,
        name: "sock_ops",
        signal: "accepted connections of the cgroup",
        cost_if_missing: "accepted connections are known only from their first payload on",
        since: "4.16",
        only_confined: true,
        ..OPTIONAL
    },
    Hook {
        program: "socket_created",
        place: Place::SocketCreated,
        name: "cgroup/sock_create",
        signal: "owners of UDP sockets; with --cgroup, which sockets are ours",
        cost_if_missing: "UDP conversations have no process until it has read or written twice",
        since: "5.7",
        ..OPTIONAL
    },
    Hook {
        program: "datagram_asked_ipv4",
        place: Place::DatagramAsked,
        name: "cgroup/sendmsg4",
        signal: "which IPv4 service address a datagram was sent to",
        cost_if_missing: "of UDP sockets that are not connected, what is sent to a service address and its answers are two \
                          conversations",
        since: "5.10",
        ..OPTIONAL
    },
    Hook {
        program: "datagram_asked_ipv6",
        place: Place::DatagramAsked,
        name: "cgroup/sendmsg6",
        signal: "which IPv6 service address a datagram was sent to",
        cost_if_missing: "of UDP sockets that are not connected, what is sent to a service address and its answers are two \
                          conversations",
        since: "5.10",
        ..OPTIONAL
    },
    Hook {
        program: "socket_written",
        place: Place::Tracepoint("sock_send_length"),
        name: "tp_btf/sock_send_length",
        signal: "owners of accepted connections, by their first write",
        cost_if_missing: "accepted connections have the listener's process only",
        since: "6.3",
        ..OPTIONAL
    },
    Hook {
        program: "socket_read",
        place: Place::Tracepoint("sock_recv_length"),
        name: "tp_btf/sock_recv_length",
        signal: "owners of accepted connections, by their first read",
        cost_if_missing: "accepted connections have the listener's process only",
        since: "6.3",
        ..OPTIONAL
    },
    Hook {
        program: "packet_dropped",
        place: Place::Tracepoint("kfree_skb"),
        name: "tp_btf/kfree_skb",
        signal: "dropped packets with the kernel's reason",
        cost_if_missing: "no drops are seen",
        since: "5.17",
        ..OPTIONAL
    },
    Hook {
        program: "process_exited",
        place: Place::Tracepoint("sched_process_exit"),
        name: "tp_btf/sched_process_exit",
        signal: "ends of processes",
        cost_if_missing: "no exits are seen",
        since: "5.8",
        ..OPTIONAL
    },
    Hook {
        program: "process_forked",
        place: Place::Tracepoint("sched_process_fork"),
        name: "tp_btf/sched_process_fork",
        signal: "parents of processes",
        cost_if_missing: "parents of processes that live for moments are unknown",
        since: "5.8",
        ..OPTIONAL
    },
    Hook {
        program: "process_executed",
        place: Place::Tracepoint("sched_process_exec"),
        name: "tp_btf/sched_process_exec",
        signal: "processes: executable, parent, cgroup",
        cost_if_missing: "processes that live for moments are unknown",
        since: "5.8",
        ..OPTIONAL
    },
    Hook {
        program: "frames_received",
        place: Place::CalledByReceived("FRAMES_RECEIVED"),
        name: "cgroup_skb/ingress, frames",
        signal: "long bodies of HTTP/2 received, without copying them",
        cost_if_missing: "long bodies of HTTP/2 are copied whole, so that a fast download fills the rings",
        since: "5.10",
        ..OPTIONAL
    },
    Hook {
        program: "frames_sent",
        place: Place::CalledBySent("FRAMES_SENT"),
        name: "cgroup_skb/egress, frames",
        signal: "long bodies of HTTP/2 sent, without copying them",
        cost_if_missing: "long bodies of HTTP/2 are copied whole, so that a fast download fills the rings",
        since: "5.10",
        ..OPTIONAL
    },
    Hook {
        program: "buffer_received",
        place: Place::BufferReceived,
        name: "cgroup_skb/ingress",
        signal: "payload received: HTTP, DNS, UDP counters",
        cost_if_missing: "no requests are seen",
        since: "5.8",
        is_required: true,
        ..OPTIONAL
    },
    Hook {
        program: "buffer_sent",
        place: Place::BufferSent,
        name: "cgroup_skb/egress",
        signal: "payload sent: HTTP, DNS, UDP counters",
        cost_if_missing: "no requests are seen",
        since: "5.8",
        is_required: true,
        ..OPTIONAL
    },
    Hook {
        program: "tls_called",
        place: Place::UserFunctions,
        name: "uprobe at calls of TLS libraries",
        signal: "TLS plaintext: what is written by and read from OpenSSL and GnuTLS",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
    Hook {
        program: "tls_returned",
        place: Place::UserFunctions,
        name: "uretprobe at calls of TLS libraries",
        signal: "TLS plaintext: how much was written and read",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
    Hook {
        program: "tls_freed",
        place: Place::UserFunctions,
        name: "uprobe at ends of TLS sessions",
        signal: "TLS plaintext: ends of sessions",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
    Hook {
        program: "go_called",
        place: Place::UserFunctions,
        name: "uprobe at calls of Go's crypto/tls",
        signal: "TLS plaintext: what is written by and read from Go's crypto/tls",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
    Hook {
        program: "go_returned",
        place: Place::UserFunctions,
        name: "uprobe at returns of Go's crypto/tls",
        signal: "TLS plaintext: how much was written and read",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
    Hook {
        program: "go_closed",
        place: Place::UserFunctions,
        name: "uprobe at closes of Go's crypto/tls",
        signal: "TLS plaintext: ends of sessions",
        cost_if_missing: "what runs inside of TLS is unknown; the name of its server is seen",
        since: "5.15",
        ..OPTIONAL
    },
];
