//! How complete an answer is (design, section 6). This is the JSON that users see; absence and zero are spelled out.

use goldwire_model::{field::Table, signal::Measure};
use serde::{Deserialize, Serialize};

/// What one node says of its part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeCoverage {
    /// Name of the node.
    pub node: String,
    /// The tier that the answer was made from.
    pub tier: Tier,
    /// Oldest time in milliseconds since the epoch that this tier still holds for the table asked; absent where the
    /// node holds nothing yet.
    pub oldest: Option<i64>,
    /// When the node began to record, in milliseconds since the epoch. Nothing before it was seen.
    pub recording_since: i64,
    /// From when to when the answer is complete, by kind of record; empty from a node that does not say.
    #[serde(default)]
    pub covered: Vec<Covered>,
    /// Events lost in the window, by stage. Empty where none were.
    pub lost: Vec<Loss>,
    /// How exact its quantiles are.
    pub quantiles: Exactness,
    /// Groups or rows that the node cut to stay within its bounds, already counted under `other`.
    pub folded_groups: u64,
    /// What else a reader must know, as sentences.
    pub notes: Vec<String>,
    /// Traffic in the window that an answer about exchanges cannot show. Empty where there is none, and of other answers.
    #[serde(default)]
    pub unread: Vec<Unread>,
}

/// A time of which a node knows every record of one kind, as far as it was observed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Covered {
    /// Of which kind.
    pub records: Records,
    /// Nothing before it is held, milliseconds since the epoch.
    pub since: i64,
    /// Records about what came before it do not come any more, milliseconds since the epoch by the node's clock; absent
    /// where the node does not know.
    pub until: Option<i64>,
}

/// Kinds of records, each of which a node holds for a time of its own and completes at its own pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Records {
    /// Exchanges.
    Requests,
    /// Reports on connections and conversations.
    Flows,
    /// Dropped packets.
    Drops,
    /// Processes.
    Processes,
    /// Saturation of the node.
    Saturation,
}

impl Records {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 5] = [Self::Requests, Self::Flows, Self::Drops, Self::Processes, Self::Saturation];
}

impl From<Table> for Records {
    fn from(table: Table) -> Self {
        match table {
            Table::Requests => Self::Requests,
            Table::Flows => Self::Flows,
            Table::Drops => Self::Drops,
            Table::Processes => Self::Processes,
        }
    }
}

impl From<Measure> for Records {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::AcceptQueueOverflows | Measure::ZeroWindows => Self::Saturation,
            of_table => of_table.table().into(),
        }
    }
}

/// Where an answer's numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// The records themselves.
    #[serde(rename = "raw")]
    Raw,
    /// Rollups of one second.
    #[serde(rename = "1s")]
    OneSecond,
    /// Rollups of ten seconds.
    #[serde(rename = "10s")]
    TenSeconds,
    /// Rollups of one minute.
    #[serde(rename = "60s")]
    Minute,
}

/// Events and bytes that a stage could not keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// Where.
    pub stage: LossStage,
    /// How many. Of the tracker they are messages; one of a kernel's ring is a buffer, which may hold many.
    pub events: u64,
    /// Payload bytes that were in them, as far as that is known: what cannot be counted in messages can be compared in bytes.
    #[serde(default)]
    pub bytes: u64,
}

/// The places where an event can be lost, in the order of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossStage {
    /// A ring buffer of the kernel was full.
    KernelRing,
    /// A map of the kernel was full, so a socket or conversation went without state.
    KernelMap,
    /// The daemon could not read an event.
    Decoder,
    /// A protocol tracker had to give up a message: a gap, or bytes that it could not follow.
    Tracker,
    /// A queue inside the daemon was full.
    Queue,
    /// History's memory budget was reached before the record could be stored.
    Budget,
}

/// Traffic that is there and is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// Which.
    pub kind: UnreadKind,
    /// How many: as [`UnreadKind`] says.
    pub count: u64,
}

/// Kinds of traffic that no exchange, or none with all its properties, can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnreadKind {
    /// Sessions of MySQL that are compressed: the most at a time.
    CompressedMysql,
    /// Exchanges on connections of HTTP/2 that were joined, whose method and path were told before: all in the window.
    Http2Joined,
    /// Connections of UNIX stream sockets: the most at a time.
    UnixSockets,
}

/// How exact quantiles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exactness {
    /// From the values themselves.
    Exact,
    /// Relative error at most 1 %.
    Sketch,
    /// The query has none.
    None,
}

/// What the whole answer says of itself: `meta.custom.coverage` of the first frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// How many nodes the query was sent to.
    pub nodes_asked: usize,
    /// How many of them answered.
    pub nodes_answered: usize,
    /// Addresses that did not answer in time.
    pub late: Vec<String>,
    /// Nodes that gave no answer for another reason.
    pub unreachable: Vec<Unreachable>,
    /// The coarsest tier that any node answered from.
    pub tier: Option<Tier>,
    /// How exact quantiles are: as the least exact node has them.
    pub quantiles: Exactness,
    /// Present where `quantiles` is `sketch`.
    pub relative_error: Option<f64>,
    /// Of each node that answered.
    pub nodes: Vec<NodeCoverage>,
    /// What a reader must know of the joined answer, as sentences: what a limit cut, what was left out.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Coverage {
    /// Takes in what another answer of the same nodes lacks: both were needed.
    pub fn also_lacks(&mut self, other: Self) {
        fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
            for one in more {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        self.nodes_answered = self.nodes_answered.min(other.nodes_answered);
        add(&mut self.late, other.late);
        add(&mut self.unreachable, other.unreachable);
        add(&mut self.notes, other.notes);
    }
}

/// A node that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreachable {
    /// Its address.
    pub node: String,
    /// Why, in words.
    pub reason: String,
}
