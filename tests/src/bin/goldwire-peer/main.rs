//! A client and a server that do what ordinary programs seldom do: odd ways of writing, odd messages. Each counts what it did,
//! and the client prints its count as JSON, so that tests have something to hold Goldwire's counts against.

mod book;
mod client;
mod dns;
mod pace;
mod server;
mod streams;
mod tls;
mod waves;
mod ways;

use std::{net::SocketAddr, thread, time::Duration};

use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: goldwire-peer server ADDRESS\n       \
                     goldwire-peer dns ADDRESS\n       \
                     goldwire-peer receive ADDRESS\n       \
                     goldwire-peer http2 ADDRESS\n       \
                     goldwire-peer streams ADDRESS CONNECTIONS STREAMS TIMES FILE\n       \
                     goldwire-peer tls ADDRESS FOLDER\n       \
                     goldwire-peer ask-tls ADDRESS FOLDER CONNECTIONS TIMES\n       \
                     goldwire-peer ways ADDRESS WAY TIMES\n       \
                     goldwire-peer pipelines ADDRESS DEPTH TIMES\n       \
                     goldwire-peer waves ADDRESS CONNECTIONS DEPTH TIMES METHOD:PATH:BYTES,...\n       \
                     goldwire-peer messages ADDRESS TIMES\n       \
                     goldwire-peer steady ADDRESS CONNECTIONS SECONDS\n       \
                     goldwire-peer pace ADDRESS BYTES MILLISECONDS SECONDS\n       \
                     goldwire-peer later SECONDS, and any of these";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let address = |text: &str| text.parse::<SocketAddr>().with_context(|| format!("{text} is no address"));
    let number = |text: &str| text.parse::<usize>().with_context(|| format!("{text} is no number"));
    if words.len() > 2 && words[0] == "later" {
        thread::sleep(Duration::from_secs(number(words[1])? as u64));
        words.drain(..2);
    }
    let book = match words[..] {
        ["server", at] => return server::run(address(at)?),
        ["dns", at] => return dns::run(address(at)?),
        ["receive", at] => return pace::receive(address(at)?),
        ["http2", at] => return streams::serve(address(at)?),
        ["tls", at, folder] => return tls::serve(address(at)?, folder.as_ref()),
        ["ask-tls", to, folder, connections, times] => {
            tls::ask(address(to)?, folder.as_ref(), number(connections)?, number(times)?)?
        }
        ["streams", to, connections, at_once, times, go_on] => {
            let amounts = (number(connections)?, number(at_once)?, number(times)?);
            streams::ask(address(to)?, amounts, go_on.as_ref())?
        }
        ["ways", to, way, times] => client::ways(address(to)?, way.parse()?, number(times)?)?,
        ["pipelines", to, depth, times] => client::pipelines(address(to)?, number(depth)?, number(times)?)?,
        ["waves", to, connections, depth, times, questions] => {
            let amounts = (number(connections)?, number(depth)?, number(times)?);
            waves::waves(address(to)?, amounts, &waves::Question::list(questions)?)?
        }
        ["messages", to, times] => client::messages(address(to)?, number(times)?)?,
        ["steady", to, connections, seconds] => client::steady(address(to)?, number(connections)?, number(seconds)?)?,
        ["pace", to, bytes, pause, seconds] => {
            let pause = Duration::from_millis(number(pause)? as u64);
            pace::send(address(to)?, number(bytes)?, pause, number(seconds)?)?
        }
        _ => bail!("{USAGE}"),
    };
    println!("{}", serde_json::to_string(&book)?);
    Ok(())
}
