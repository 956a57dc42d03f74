//! What crosses the network between daemon, plugin and command line.
