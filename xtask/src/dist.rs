//! `cargo xtask dist`: what users install.

use std::fs;

use crate::{
    build, places, setup,
    shell::{cargo, say, timed},
};

pub(crate) fn run() -> anyhow::Result<()> {
    setup::run()?;
    timed("building the release programs", || {
        cargo().args(["build", "--release", "-p", "goldwire", "-p", "gpx_goldwire"]).run()
    })?;
    build::frontend()?;
    let (dist, release) = (places::root().join("dist"), places::target().join("release"));
    fs::create_dir_all(&dist)?;
    build::assemble_plugin(&release.join("gpx_goldwire"), &dist.join(places::PLUGIN))?;
    fs::copy(release.join("goldwire"), dist.join("goldwire"))?;
    say("the plugin is in dist/goldwire-goldwire-datasource, the daemon and command line is dist/goldwire");
    Ok(())
}
