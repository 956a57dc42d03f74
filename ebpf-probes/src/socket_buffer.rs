//! Every buffer that passes a socket: the entrance to payload.

use aya_ebpf::{macros::cgroup_skb, programs::SkBuffContext};
use goldwire_probe_events::direction::{EGRESS, INGRESS};

use crate::{
    conversation,
    packet::{Packet, TCP, UDP},
    segment,
};

/// The programs observe and never refuse.
const PASS: i32 = 1;

/// hook: cgroup_skb/ingress
/// needs: bpf_skb_load_bytes, bpf_get_socket_cookie, direct packet access, ring buffer
/// since: 5.8
#[cgroup_skb(ingress)]
pub fn buffer_received(ctx: SkBuffContext) -> i32 {
    on_buffer(&ctx, INGRESS);
    PASS
}

/// hook: cgroup_skb/egress
/// needs: bpf_skb_load_bytes, bpf_get_socket_cookie, direct packet access, ring buffer
/// since: 5.8
#[cgroup_skb(egress)]
pub fn buffer_sent(ctx: SkBuffContext) -> i32 {
    on_buffer(&ctx, EGRESS);
    PASS
}

#[inline(always)]
fn on_buffer(ctx: &SkBuffContext, direction: u8) -> Option<()> {
    let packet = Packet::read(ctx.skb.skb)?;
    match packet.protocol {
        TCP => segment::on_segment(&packet, direction),
        UDP => {
            conversation::on_datagram(&packet, direction);
            None
        }
        _ => None,
    }
}
