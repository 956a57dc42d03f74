//! Maps that several programs use. Sizes are defaults; the daemon may set others when it loads.

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE,
    macros::map,
    maps::{Array, HashMap},
};
use goldwire_probe_events::{
    ConversationCounters, ConversationKey, DROP_REASONS, DropCounters, DropKey, SESSION_SLOTS, STEERING_SLOTS, Socket,
    SteeringSlot,
};

/// What is known of each socket, by its cookie.
#[map]
pub static SOCKETS: HashMap<u64, Socket> = HashMap::with_max_entries(131_072, 0);

#[map]
pub static STEERING: Array<SteeringSlot> = Array::with_max_entries(STEERING_SLOTS, BPF_F_MMAPABLE);

/// The daemon's wishes for sessions of TLS libraries, in the place of sockets.
#[map]
pub static SESSION_STEERING: Array<SteeringSlot> = Array::with_max_entries(SESSION_SLOTS, BPF_F_MMAPABLE);

/// Low halves of the cookies of sockets whose owner is final, by cookie modulo [`STEERING_SLOTS`]: a cache that saves
/// the look-up in [`SOCKETS`] on each system call.
#[map]
pub static OWNED: Array<u32> = Array::with_max_entries(STEERING_SLOTS, 0);

#[map]
pub static CONVERSATIONS: HashMap<ConversationKey, ConversationCounters> = HashMap::with_max_entries(131_072, 0);

#[map]
pub static DROPS: HashMap<DropKey, DropCounters> = HashMap::with_max_entries(16_384, 0);

/// 1 for each reason of `enum skb_drop_reason` that is a real drop.
#[map]
pub static REPORTED_REASONS: Array<u32> = Array::with_max_entries(DROP_REASONS, 0);
