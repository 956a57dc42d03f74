//! Dropped packets: the kernel counts them in a map by flow, reason and place; this tells what was added.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use aya::maps::{Array, MapData};
use goldwire_probe_events::{DROP_REASONS, DropCounters, DropKey};

use super::{batch, btf::KernelTypes, doorbell::Doorbell, kallsyms::Symbols, socket_sweep::now};
use crate::decode::{Event, KernelTime, PacketsDropped, socket_address};

const PREFIX: &str = "SKB_DROP_REASON_";
/// After how much silence an entry is taken out.
const IDLE: Duration = Duration::from_secs(30);

/// Reasons that are no loss for anybody: what the kernel frees in the ordinary course of things.
const BENIGN: &[&str] = &[
    // Every place that was not given a reason yet, ordinary ones among them.
    "NOT_SPECIFIED",
    // Queues that are emptied when a socket closes.
    "QUEUE_PURGE",
    "SOCKET_CLOSE",
    // Frames of others that a device in promiscuous mode hears.
    "OTHERHOST",
    "IPV6_NDISC_NS_OTHERHOST",
    // What arrived before: duplicates of data and acknowledgements, whose originals were taken.
    "TCP_OLD_ACK",
    "TCP_OLD_DATA",
    "TCP_OLD_SEQUENCE",
    "TCP_OFOMERGE",
    "TCP_RFC7323_PAWS_ACK",
    // Resets, told as such: the RST itself, and data for a socket that its process has closed.
    "TCP_RESET",
    "TCP_ABORT_ON_DATA",
    "TCP_CLOSE",
    // The buffer of a SYN whose data was taken.
    "TCP_FASTOPEN",
    // Copies for packet taps.
    "PACKET_SOCK_ERROR",
    // No reasons.
    "MAX",
    "SUBSYS_MASK",
];

/// Before an end that needs to know of them, a look may take this part of the time.
const SHARE: u32 = 20;
/// And there is none before so long after the last.
const SHORTEST: Duration = Duration::from_millis(5);

/// When the map of drops is looked at: once a second, and before the end of a flow is told, so that the flow's last report
/// knows what was dropped of it.
pub(super) struct Drops {
    sweep: Option<DropSweep>,
    /// What the doorbell said when it was last looked.
    told: u32,
    looked: Instant,
    took: Duration,
}

impl Drops {
    pub(super) fn new(sweep: Option<DropSweep>) -> Self {
        Self { sweep, told: 0, looked: Instant::now(), took: Duration::ZERO }
    }

    /// Tells what was dropped. Gives the number of events; `None` where the map cannot be read.
    pub(super) fn tell(&mut self, doorbell: &Doorbell, visit: &mut impl FnMut(Event<'_>)) -> Option<usize> {
        self.look(doorbell, Duration::ZERO, visit)
    }

    /// The same before the end of a flow is told.
    pub(super) fn tell_before_end(&mut self, doorbell: &Doorbell, visit: &mut impl FnMut(Event<'_>)) {
        self.look(doorbell, SHORTEST.max(self.took * SHARE), visit);
    }

    fn look(&mut self, doorbell: &Doorbell, pause: Duration, visit: &mut impl FnMut(Event<'_>)) -> Option<usize> {
        let drops = doorbell.drops();
        let Some(sweep) = self.sweep.as_mut().filter(|_| drops != self.told) else { return Some(0) };
        let begun = Instant::now();
        if begun - self.looked < pause {
            return Some(0);
        }
        let swept = sweep.sweep(now(), visit);
        self.looked = Instant::now();
        let Swept { count, searching } = swept.ok()?;
        // Each place is searched for once, so that this says nothing of the next look.
        (self.told, self.took) = (drops, begun.elapsed().saturating_sub(searching));
        Some(count)
    }
}

/// What a sweep did.
struct Swept {
    count: usize,
    /// Spent on the names of places that are new.
    searching: Duration,
}

/// Sweeps over the map of drops.
pub(super) struct DropSweep {
    drops: MapData,
    reasons: Vec<String>,
    symbols: Symbols,
    told: HashMap<DropKey, u64>,
}

impl DropSweep {
    /// Tells the probes which reasons are reported, by the names that this kernel has for them.
    pub(super) fn new(drops: MapData, reported: MapData, types: &KernelTypes) -> Result<Self, aya::maps::MapError> {
        let mut table: Array<MapData, u32> = Array::try_from(aya::maps::Map::Array(reported))?;
        let mut reasons = vec![String::new(); DROP_REASONS as usize];
        for (name, value) in types.enumerators("skb_drop_reason") {
            let Some(place) = reasons.get_mut(value as usize) else { continue };
            // The first two, which say that nothing was dropped, lack the prefix.
            let Some(name) = name.strip_prefix(PREFIX) else { continue };
            if !BENIGN.contains(&name) {
                table.set(value, 1, 0)?;
            }
            name.clone_into(place);
        }
        Ok(Self { drops, reasons, symbols: Symbols::default(), told: HashMap::new() })
    }

    /// Tells what was dropped since the last sweep.
    fn sweep(&mut self, now: KernelTime, visit: &mut impl FnMut(Event<'_>)) -> io::Result<Swept> {
        let mut entries: Vec<(DropKey, DropCounters)> = Vec::new();
        batch::for_each(self.map(), |key: &DropKey, value: &DropCounters| entries.push((*key, *value)))?;
        let begun = Instant::now();
        self.symbols.learn(entries.iter().map(|(key, _)| key.location));
        let mut swept = Swept { count: 0, searching: begun.elapsed() };
        for (key, counters) in entries {
            let is_idle = now.since(KernelTime(counters.last)) > IDLE;
            let counters = if is_idle { batch::take(self.map(), &key).unwrap_or(counters) } else { counters };
            swept.count += usize::from(self.tell(&key, &counters, visit));
            if is_idle {
                self.told.remove(&key);
            }
        }
        Ok(swept)
    }

    fn tell(&mut self, key: &DropKey, counters: &DropCounters, visit: &mut impl FnMut(Event<'_>)) -> bool {
        let told = self.told.insert(*key, counters.count).unwrap_or(0);
        let count = counters.count.saturating_sub(told);
        if count == 0 {
            return false;
        }
        // Packets of one flow, reason and place are alike, so the part of the bytes is that of the packets.
        let bytes = counters.bytes / counters.count.max(1) * count;
        visit(Event::PacketsDropped(PacketsDropped {
            time: KernelTime(counters.last),
            source: socket_address(key.source, key.source_port),
            destination: socket_address(key.destination, key.destination_port),
            protocol: key.protocol,
            reason: self.reasons.get(usize::from(key.reason)).map_or("", String::as_str),
            place: self.symbols.name(key.location),
            network_namespace: key.network_namespace,
            count,
            bytes,
        }));
        true
    }

    fn map(&self) -> BorrowedFd<'_> {
        self.drops.fd().as_fd()
    }
}
