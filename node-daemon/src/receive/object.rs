//! The object with the kernel programs, made ready for this kernel.

use aya::{Ebpf, EbpfLoader, include_bytes_aligned};
use goldwire_probe_events::{Offsets, Settings};
use zerocopy::IntoBytes;

use super::{OpenError, Options, btf::KernelTypes, cgroup::Cgroup, namespace};

/// Built by the build script.
static OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/goldwire-probes"));

/// Creates the maps and prepares the programs; none is loaded yet.
pub(super) fn load(options: &Options, cgroup: &Cgroup, types: Option<&KernelTypes>) -> Result<Ebpf, OpenError> {
    let offsets = types.map_or(Offsets::UNKNOWN, KernelTypes::offsets);
    let settings = Settings {
        scope_cgroup: cgroup.id,
        scoped: u32::from(cgroup.is_confined()),
        own_network_namespace: namespace::own().unwrap_or(0),
        unused: [0; 16],
    };
    let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    Ok(EbpfLoader::new()
        .override_global("OFFSETS", offsets.as_bytes(), true)
        .override_global("SETTINGS", settings.as_bytes(), true)
        .map_max_entries("CONTROL", size(options.control_ring_bytes))
        .map_max_entries("DATA", size(options.data_ring_bytes))
        .map_max_entries("SOCKETS", options.most_sockets)
        .map_max_entries("CONVERSATIONS", options.most_conversations)
        .load(OBJECT)?)
}
