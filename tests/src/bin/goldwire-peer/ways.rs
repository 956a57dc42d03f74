//! Ways to put bytes into a socket. All of them must look the same from outside.

use std::{
    fs::File,
    io::{IoSlice, Seek, Write},
    net::TcpStream,
    os::fd::{AsFd, AsRawFd},
    str::FromStr,
};

use anyhow::{Context, Result, bail, ensure};
use io_uring::{IoUring, opcode, types::Fd};
use nix::{fcntl, sys::sendfile::sendfile, unistd::pipe};

/// How to write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Write,
    OneByte,
    Vectored,
    Sendfile,
    Splice,
    IoUring,
}

impl FromStr for Way {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "write" => Self::Write,
            "one-byte" => Self::OneByte,
            "writev" => Self::Vectored,
            "sendfile" => Self::Sendfile,
            "splice" => Self::Splice,
            "io_uring" => Self::IoUring,
            other => bail!("there is no way {other} to write"),
        })
    }
}

/// Parts of a vectored write.
const PARTS: usize = 32;

impl Way {
    pub(crate) fn send(self, mut stream: &TcpStream, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Write => stream.write_all(bytes)?,
            Self::OneByte => bytes.iter().try_for_each(|byte| stream.write_all(&[*byte]))?,
            Self::Vectored => vectored(stream, bytes)?,
            Self::Sendfile => from_file(stream, bytes)?,
            Self::Splice => through_pipe(stream, bytes)?,
            Self::IoUring => by_ring(stream, bytes)?,
        }
        Ok(())
    }
}

fn vectored(mut stream: &TcpStream, bytes: &[u8]) -> Result<()> {
    let slices: Vec<_> = bytes.chunks(bytes.len().div_ceil(PARTS)).map(IoSlice::new).collect();
    let written = stream.write_vectored(&slices)?;
    Ok(stream.write_all(&bytes[written..])?)
}

fn file_of(bytes: &[u8]) -> Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn from_file(stream: &TcpStream, bytes: &[u8]) -> Result<()> {
    let (file, mut left) = (file_of(bytes)?, bytes.len());
    while left > 0 {
        left -= sendfile(stream.as_fd(), file.as_fd(), None, left)?;
    }
    Ok(())
}

fn through_pipe(stream: &TcpStream, bytes: &[u8]) -> Result<()> {
    let (file, (from, to)) = (file_of(bytes)?, pipe()?);
    let mut left = bytes.len();
    while left > 0 {
        let mut inside = fcntl::splice(&file, None, &to, None, left, fcntl::SpliceFFlags::empty())?;
        left -= inside;
        while inside > 0 {
            inside -= fcntl::splice(&from, None, stream, None, inside, fcntl::SpliceFFlags::empty())?;
        }
    }
    Ok(())
}

fn by_ring(stream: &TcpStream, bytes: &[u8]) -> Result<()> {
    let mut ring = IoUring::new(2).context("this kernel gives no io_uring")?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let send = opcode::Send::new(Fd(stream.as_raw_fd()), rest.as_ptr(), rest.len() as u32).build();
        // SAFETY: `rest` lives until the completion is taken below.
        unsafe { ring.submission().push(&send) }.context("a new ring is full")?;
        ring.submit_and_wait(1)?;
        let sent = ring.completion().next().context("a completion was waited for")?.result();
        ensure!(sent > 0, "io_uring could not send: {}", std::io::Error::from_raw_os_error(-sent));
        rest = &rest[sent as usize..];
    }
    Ok(())
}
