//! Running other programs, and saying so.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

/// Announces a step of work.
pub(crate) fn say(step: &str) {
    println!("xtask: {step}");
}

/// A command line under construction.
#[derive(Debug)]
pub(crate) struct Line {
    command: Command,
}

impl Line {
    /// Starts with the program.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        Self { command }
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the folder it runs in.
    pub(crate) fn directory(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it with its output on ours; anything but success is an error.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let status = self.command.status().with_context(|| format!("cannot run {}", self.shown()))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown());
        }
        Ok(())
    }

    /// Runs it and returns what it wrote to standard output, whatever it thinks of its success.
    pub(crate) fn output(mut self) -> anyhow::Result<String> {
        let output = self.command.output().with_context(|| format!("cannot run {}", self.shown()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it, shows its standard output as it comes and returns the lines; anything but success is an error.
    pub(crate) fn echo(mut self) -> anyhow::Result<Vec<String>> {
        let mut child =
            self.command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {}", self.shown()))?;
        let mut lines = Vec::new();
        for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            let line = line?;
            println!("{line}");
            lines.push(line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown());
        }
        Ok(lines)
    }

    /// Becomes it: signals then reach it without us in between. Returns only to say that it could not.
    pub(crate) fn become_it(mut self) -> anyhow::Error {
        use std::os::unix::process::CommandExt;
        let error = self.command.exec();
        anyhow::Error::new(error).context(format!("cannot run {}", self.shown()))
    }

    fn shown(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

/// Cargo as it called us, with the checkout's toolchain.
pub(crate) fn cargo() -> Line {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Line::new(program).directory(crate::places::root())
}

/// Does a step and says how long it took.
pub(crate) fn timed<T>(step: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    say(step);
    let started = Instant::now();
    let outcome = work().with_context(|| format!("{step} failed"))?;
    say(&format!("{step}: done in {} s", started.elapsed().as_secs()));
    Ok(outcome)
}
