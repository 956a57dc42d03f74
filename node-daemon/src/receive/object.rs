//! The object with the kernel programs, made ready for this kernel.

use aya::{Ebpf, EbpfLoader, include_bytes_aligned};
use goldwire_probe_events::{MOST_LANES, Offsets, Settings};
use zerocopy::IntoBytes;

use super::{OpenError, Options, btf::KernelTypes, cgroup::Cgroup, mapping::page_size, namespace};

/// Built by the build script.
static OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/goldwire-probes"));

/// By the number of a processor, modulo their number.
const DATA_RINGS: [&str; goldwire_probe_events::DATA_RINGS as usize] =
    ["DATA_0", "DATA_1", "DATA_2", "DATA_3", "DATA_4", "DATA_5", "DATA_6", "DATA_7"];

/// Creates the maps and prepares the programs; none is loaded yet.
pub(super) fn load(options: &Options, cgroup: &Cgroup, types: Option<&KernelTypes>) -> Result<Ebpf, OpenError> {
    let offsets = types.map_or(Offsets::UNKNOWN, KernelTypes::offsets);
    let settings = Settings {
        scoped: u32::from(cgroup.is_confined()),
        own_network_namespace: namespace::own().unwrap_or(0),
        lanes: u32::from(options.has_lanes()),
        plaintext: u32::from(options.tls_plaintext),
    };
    let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut loader = EbpfLoader::new();
    loader
        .override_global("OFFSETS", offsets.as_bytes(), true)
        .override_global("SETTINGS", settings.as_bytes(), true)
        .map_max_entries("CONTROL", size(options.control_ring_bytes))
        .map_max_entries("LANES", lanes(options).max(1))
        .map_max_entries("PLAINTEXT", size(plaintext_ring_size(options)))
        .map_max_entries("SOCKETS", options.most_sockets)
        .map_max_entries("CONVERSATIONS", options.most_conversations);
    for name in used_data_rings() {
        loader.map_max_entries(name, size(data_ring_size(options)));
    }
    Ok(loader.load(OBJECT)?)
}

/// Bytes of the ring of plaintext: half of what the rings of payload have, or the least where nobody wants it.
pub(super) fn plaintext_ring_size(options: &Options) -> usize {
    let share = if options.tls_plaintext { options.data_ring_bytes / 2 } else { 0 };
    share.max(page_size())
}

/// How many processors have a lane.
pub(super) fn lanes(options: &Options) -> u32 {
    let processors = u32::try_from(aya::util::nr_cpus().unwrap_or(1)).unwrap_or(MOST_LANES);
    if options.has_lanes() { processors.min(MOST_LANES) } else { 0 }
}

/// Names of the rings that this machine's processors write to.
pub(super) fn used_data_rings() -> &'static [&'static str] {
    let processors = aya::util::nr_cpus().unwrap_or(DATA_RINGS.len());
    &DATA_RINGS[..processors.min(DATA_RINGS.len())]
}

/// Bytes of each of them: the largest power of two with which they are no more than asked for.
pub(super) fn data_ring_size(options: &Options) -> usize {
    let share = options.data_ring_bytes / used_data_rings().len().next_power_of_two();
    share.max(page_size())
}
