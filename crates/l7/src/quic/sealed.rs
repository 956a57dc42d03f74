//! Client's first packets for tests: the other way of `protection`.

use rustls::{Side, crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256, quic};

/// An Initial packet of version 1 with these frames, padded to the length of a first datagram.
pub(crate) fn initial(connection_id: [u8; 8], number: u8, frames: &[u8]) -> Vec<u8> {
    const TAG: usize = 16;
    let mut payload = frames.to_vec();
    payload.resize(frames.len().max(1_163), 0);
    let length = (payload.len() + 1 + TAG) as u32 | 0x8000_0000;
    let fixed = [&[0xc0, 0, 0, 0, 1, 8][..], &connection_id, &[0, 0], &length.to_be_bytes(), &[number]];
    let mut packet = fixed.concat();
    let number_at = packet.len() - 1;
    let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("a suite of TLS 1.3");
    let quic = suite.quic.expect("ring's suites serve QUIC");
    let keys = quic::Suite { suite, quic }.keys(&connection_id, Side::Client, quic::Version::V1).local;
    let tag = keys.packet.encrypt_in_place(u64::from(number), &packet, &mut payload).expect("a short payload");
    packet.extend_from_slice(&payload);
    packet.extend_from_slice(tag.as_ref());
    let (header, behind) = packet.split_at_mut(number_at);
    let (number, sample) = behind.split_at_mut(1);
    let sample = &sample[3..3 + keys.header.sample_len()];
    keys.header.encrypt_in_place(sample, &mut header[0], number).expect("a sample of the right length");
    packet
}
