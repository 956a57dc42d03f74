//! The small real system that the demo watches: its own services and clients.
