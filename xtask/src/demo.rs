//! `cargo xtask demo`: builds what the demo needs, then becomes it.

use std::net::SocketAddr;

use clap::Args;

use crate::{build, places, setup, shell::Line};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// End after so many seconds of traffic, with a summary; fails where Goldwire's numbers are not the demo's own
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Where the workbench listens: an address of this machine only
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3300")]
    listen: SocketAddr,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    setup::run()?;
    build::programs()?;
    build::frontend()?;
    build::development_plugin()?;
    build::workbench_page()?;
    let programs = places::target().join("debug");
    let mut demo = Line::new(programs.join("goldwire-demo"))
        .args(["run", "--listen", &arguments.listen.to_string()])
        .args(["--programs".as_ref(), programs.as_path()])
        .args(["--plugin".as_ref(), places::development_plugin().as_path()])
        .args(["--page".as_ref(), places::workbench_page().join("dist").as_path()]);
    if let Some(seconds) = arguments.seconds {
        demo = demo.args(["--seconds", &seconds.to_string()]);
    }
    // Ctrl-C must reach the demo itself, which has things to put away.
    Err(demo.become_it())
}
