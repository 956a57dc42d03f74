//! The demo: several nodes on one machine, a small real system on them, and its own count of what happened there.

pub mod credentials;
pub mod measure;
pub mod nodes;
pub mod run;
pub mod services;
