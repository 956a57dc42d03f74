//! The functions that are watched, by the names of their symbols.

use goldwire_probe_events::tls_function;

/// A function of a TLS library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) symbol: &'static str,
    /// One of [`tls_function`].
    pub(super) kind: u8,
    /// The file is of no use without it.
    pub(super) is_needed: bool,
}

const fn needed(symbol: &'static str, kind: u8) -> Function {
    Function { symbol, kind, is_needed: true }
}

const fn optional(symbol: &'static str, kind: u8) -> Function {
    Function { symbol, kind, is_needed: false }
}

/// A library: all of its functions that let plaintext pass, each byte by one of them. Where one calls another, the probes
/// count the outer one.
pub(super) type Library = &'static [Function];

/// The libraries that are known. `SSL_read_early_data` and `SSL_write_early_data` call the functions with `_ex`.
pub(super) const LIBRARIES: &[Library] = &[
    &[
        needed("SSL_write", tls_function::WRITE),
        needed("SSL_read", tls_function::READ),
        needed("SSL_free", tls_function::FREE),
        optional("SSL_clear", tls_function::FREE),
        optional("SSL_write_ex", tls_function::WRITE_EX),
        optional("SSL_read_ex", tls_function::READ_EX),
        optional("SSL_sendfile", tls_function::SEND_FILE),
    ],
    &[
        needed("gnutls_record_send", tls_function::SEND),
        needed("gnutls_record_recv", tls_function::RECEIVE),
        needed("gnutls_deinit", tls_function::FREE),
        optional("gnutls_record_send2", tls_function::SEND),
        optional("gnutls_record_recv_seq", tls_function::RECEIVE),
    ],
];
