//! Network namespaces that are there for as long as their guard.

use std::{fs::File, io, path::PathBuf};

use super::command::{CommandError, run};

/// A named network namespace (as `ip netns` knows it); dropping it deletes it.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace with its loopback interface up. One of that name left by a killed run is replaced.
    pub fn create(name: &str) -> Result<Self, CommandError> {
        Self::remove_leftover(name)?;
        run("ip", &["netns", "add", name])?;
        let namespace = Self { name: name.to_owned() };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Deletes a namespace that an earlier run did not; nothing happens where there is none.
    pub fn remove_leftover(name: &str) -> Result<(), CommandError> {
        if file_of(name).exists() {
            run("ip", &["netns", "del", name])?;
        }
        Ok(())
    }

    /// Its name, as `ip netns exec` takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A handle for `setns`.
    pub fn open(&self) -> io::Result<File> {
        File::open(file_of(&self.name))
    }

    /// Runs `ip` inside.
    pub fn ip(&self, arguments: &[&str]) -> Result<String, CommandError> {
        run("ip", &[&["-n", &self.name], arguments].concat())
    }

    /// Runs a program inside, to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String, CommandError> {
        run("ip", &[&["netns", "exec", &self.name, program], arguments].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = Self::remove_leftover(&self.name) {
            eprintln!("goldwire-demo: left behind: {error}");
        }
    }
}

fn file_of(name: &str) -> PathBuf {
    PathBuf::from("/run/netns").join(name)
}
