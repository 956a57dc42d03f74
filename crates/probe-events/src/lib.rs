//! The structs that cross from the kernel's probes to the daemon.
