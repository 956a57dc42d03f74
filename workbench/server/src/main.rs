//! The workbench: the plugin in a browser, where no Grafana is.

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use goldwire_workbench::grafana::{Settings, Workbench};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// Hosts the plugin as Grafana does, in a browser, where no Grafana is.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The plugin's folder, as `cargo xtask dist` makes it.
    #[arg(long, default_value = "dist/goldwire-goldwire-datasource")]
    plugin_dir: PathBuf,
    /// The built page.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../page/dist"))]
    page_dir: PathBuf,
    /// Where to listen: an address of this machine only. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3300")]
    listen: SocketAddr,
    /// A JSON file with the settings of a data source: name, uid, jsonData, secureJsonData. May be repeated.
    #[arg(long, value_name = "FILE")]
    datasource: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goldwire-workbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    check_places(&arguments)?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another with --listen", arguments.listen))?;
    let bench = Workbench::start(&arguments.plugin_dir, &arguments.page_dir).await?;
    let outcome = serve(&bench, &arguments.datasource, listener).await;
    bench.stop().await;
    outcome
}

fn check_places(arguments: &Arguments) -> anyhow::Result<()> {
    ensure!(
        arguments.listen.ip().is_loopback(),
        "the workbench asks nobody to sign in, so it listens on loopback only"
    );
    if !arguments.page_dir.join("index.html").is_file() {
        bail!(
            "the page is not built in {}: run npm ci and npm run build in workbench/page",
            arguments.page_dir.display()
        );
    }
    Ok(())
}

/// Serves until a signal comes. Open live channels are not waited for: they end with the plugin.
async fn serve(bench: &Workbench, files: &[PathBuf], listener: TcpListener) -> anyhow::Result<()> {
    for file in files {
        provision(bench, file).with_context(|| format!("cannot use the data source in {}", file.display()))?;
    }
    println!("goldwire-workbench listening on http://{}/", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        served = axum::serve(listener, bench.clone().router()) => served.context("the server stopped"),
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

fn provision(bench: &Workbench, file: &PathBuf) -> anyhow::Result<()> {
    let settings: Settings = serde_json::from_str(&fs::read_to_string(file)?)?;
    let name = settings.name.clone();
    let uid = bench.provision(settings).map_err(anyhow::Error::msg)?;
    tracing::info!(name, uid, "data source set up");
    Ok(())
}
