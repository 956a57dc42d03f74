//! `cargo xtask test`: every test there is.

use clap::{Args, ValueEnum};

use crate::{
    build, fuzz, places, setup,
    shell::{Line, cargo, say, timed},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Run only this part; may be repeated
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
}

/// Parts of the tests, in the order in which they run: what fails fast comes first, and Rust's closing lines last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// rustfmt
    Format,
    /// The frontend's types, lint rules and unit tests
    Frontend,
    /// The types of the workbench's page
    Workbench,
    /// clippy, on everything, without warnings
    Lint,
    /// The fuzz targets of the protocols, for some seconds each
    Fuzz,
    /// All Rust tests: units, live kernel scenarios, fan-out, the plugin in its host, the browser
    Rust,
}

const PARTS: [Part; 6] = [Part::Format, Part::Frontend, Part::Workbench, Part::Lint, Part::Fuzz, Part::Rust];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    setup::run()?;
    let wanted = |part: &&Part| arguments.only.is_empty() || arguments.only.contains(part);
    PARTS.iter().filter(wanted).try_for_each(|part| part.run())?;
    say("all tests passed");
    Ok(())
}

impl Part {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Format => timed("checking the format", || cargo().args(["fmt", "--all", "--check"]).run()),
            Self::Frontend => frontend(),
            Self::Workbench => {
                timed("checking the workbench's types", || build::npm(&places::workbench_page(), "typecheck"))
            }
            Self::Lint => timed("clippy", lint),
            Self::Fuzz => fuzz::run_briefly(),
            Self::Rust => rust(),
        }
    }
}

fn frontend() -> anyhow::Result<()> {
    let project = places::frontend();
    timed("checking the frontend's types", || build::npm(&project, "typecheck"))?;
    timed("checking the frontend's style", || build::npm(&project, "lint"))?;
    timed("the frontend's tests", || Line::new("npm").args(["run", "test:ci"]).directory(&project).run())
}

fn lint() -> anyhow::Result<()> {
    cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]).run()
}

/// The tests start the programs, the plugin and the page as the demo does, so those are built first.
fn rust() -> anyhow::Result<()> {
    build::programs()?;
    build::frontend()?;
    build::development_plugin()?;
    build::workbench_page()?;
    // One at a time: the kernel's scenarios measure, and would measure each other.
    timed("Rust tests", || cargo().args(["test", "--workspace", "--no-fail-fast", "--", "--test-threads=1"]).run())
}
