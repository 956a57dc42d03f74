//! The endpoints of a sealed chunk: one row an endpoint, texts in one pool.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, StringArray};
use arrow_buffer::Buffer;
use goldwire_model::{
    field::{EndField, LABEL_KEYS},
    record::{Endpoint, Text},
};

use super::{
    numbers::{ABSENT, Numbers, pack},
    pool::{Pool, pool_text},
    value::{Value, keys_text},
};

const TEXT_FIELDS: [EndField; 12] = [
    EndField::Workload,
    EndField::Namespace,
    EndField::Pod,
    EndField::Service,
    EndField::Container,
    EndField::Image,
    EndField::Process,
    EndField::Executable,
    EndField::Ancestry,
    EndField::Node,
    EndField::Dns,
    EndField::ReverseDns,
];

/// Row `n` is the endpoint of code `n + 1`; code 0 is no endpoint.
#[derive(Debug)]
pub(crate) struct Endpoints {
    addresses: FixedSizeBinaryArray,
    local: BooleanArray,
    /// Codes into `pool`, in the order of [`TEXT_FIELDS`].
    texts: [Option<ArrayRef>; TEXT_FIELDS.len()],
    pids: Option<ArrayRef>,
    /// Where any endpoint has one.
    proxied: Option<FixedSizeBinaryArray>,
    labels: Option<Labels>,
    pool: StringArray,
}

/// Key and value of label `n` of row `r` stand at `offsets[r] + n`.
#[derive(Debug)]
struct Labels {
    /// By row, all its keys in one text.
    all_keys: Option<ArrayRef>,
    offsets: Option<ArrayRef>,
    keys: Option<ArrayRef>,
    values: Option<ArrayRef>,
}

fn text_of<'a>(endpoint: &'a Endpoint, field: &EndField) -> Option<&'a Text> {
    match field {
        EndField::Workload => endpoint.workload.as_ref(),
        EndField::Namespace => endpoint.namespace.as_ref(),
        EndField::Pod => endpoint.pod.as_ref(),
        EndField::Service => endpoint.service.as_ref(),
        EndField::Container => endpoint.container.as_ref(),
        EndField::Image => endpoint.image.as_ref(),
        EndField::Process => endpoint.process.as_ref(),
        EndField::Executable => endpoint.executable.as_ref(),
        EndField::Ancestry => endpoint.ancestry.as_ref(),
        EndField::Node => endpoint.node.as_ref(),
        EndField::Dns => endpoint.dns.as_ref(),
        EndField::ReverseDns => endpoint.reverse_dns.as_ref(),
        EndField::Address | EndField::Port | EndField::Pid | EndField::ProxiedAddress | EndField::Label(_) => None,
    }
}

/// What `field` is for an endpoint. Ports are no property of an endpoint.
pub(crate) fn endpoint_value<'a>(endpoint: &'a Endpoint, field: &EndField) -> Value<'a> {
    let known = match field {
        EndField::Address => Some(Value::Address(endpoint.address)),
        EndField::Port => return Value::Absent,
        EndField::Pid => endpoint.pid.map(|pid| Value::Integer(i64::from(pid))),
        EndField::ProxiedAddress => endpoint.proxied_address.map(Value::Address),
        EndField::Label(key) if **key == *LABEL_KEYS => {
            (!endpoint.labels.is_empty()).then(|| Value::Keys(&endpoint.labels))
        }
        EndField::Label(key) => {
            let label = endpoint.labels.iter().find(|(known, _)| **known == **key);
            label.map(|(_, value)| Value::Text(value))
        }
        text => text_of(endpoint, text).map(|text| Value::Text(text)),
    };
    known.unwrap_or(if endpoint.local { Value::Absent } else { Value::Unknown })
}

/// Bytes of an endpoint and its texts. The tracker shares them while the connection lives, so this is more than history
/// adds to the daemon's memory.
pub(crate) fn endpoint_weight(endpoint: &Endpoint) -> usize {
    let texts = TEXT_FIELDS.iter().filter_map(|field| text_of(endpoint, field)).map(|text| text.len());
    let labels: usize = endpoint.labels.iter().map(|(key, value)| key.len() + value.len() + 64).sum();
    texts.sum::<usize>() + labels + size_of::<Endpoint>()
}

impl Endpoints {
    /// Packs endpoints in the order of their codes.
    pub(crate) fn seal(endpoints: &[Arc<Endpoint>]) -> Self {
        let mut pool = Pool::default();
        let texts = TEXT_FIELDS.map(|field| {
            let codes: Vec<u64> = endpoints.iter().map(|endpoint| pool.code(text_of(endpoint, &field))).collect();
            pack(&codes)
        });
        let pids: Vec<u64> = endpoints.iter().map(|endpoint| endpoint.pid.map_or(ABSENT, u64::from)).collect();
        Self {
            addresses: pack_addresses(endpoints),
            proxied: pack_proxied(endpoints),
            local: endpoints.iter().map(|endpoint| Some(endpoint.local)).collect(),
            texts,
            pids: pack(&pids),
            labels: Labels::seal(endpoints, &mut pool),
            pool: pool.seal(),
        }
    }

    /// How many codes there are, the 0 of "no endpoint" included.
    pub(crate) fn codes(&self) -> usize {
        self.local.len() + 1
    }

    /// True where an absent identity of this endpoint may be known to another node.
    pub(crate) fn is_remote(&self, code: usize) -> bool {
        code > 0 && !self.local.value(code - 1)
    }

    /// True where every endpoint runs here.
    pub(crate) fn all_local(&self) -> bool {
        self.local.true_count() == self.local.len()
    }

    /// The address of the endpoint of a code.
    pub(crate) fn address(&self, code: usize) -> Option<IpAddr> {
        unpack_address(&self.addresses, code.checked_sub(1)?)
    }

    /// What `field` is for each code. Ports are no property of an endpoint here.
    pub(crate) fn values(&self, field: &EndField) -> Vec<Value<'_>> {
        let mut values = Vec::with_capacity(self.codes());
        values.push(Value::Absent);
        let rows = 0..self.local.len();
        match field {
            EndField::Address => {
                values.extend(rows.map(|row| self.address(row + 1).map_or(Value::Absent, Value::Address)));
            }
            EndField::Port => values.extend(rows.map(|_| Value::Absent)),
            EndField::Pid => {
                let pids = Numbers::open(self.pids.as_ref(), 0);
                values.extend(rows.map(|row| self.or_missing(row, integer(pids.get(row)))));
            }
            EndField::ProxiedAddress => {
                let address = |row| unpack_address(self.proxied.as_ref()?, row).map(Value::Address);
                values.extend(rows.map(|row| self.or_missing(row, address(row))));
            }
            EndField::Label(key) => {
                values.extend(rows.map(|row| self.or_missing(row, self.label(row, key).map(Value::Text))));
            }
            text => {
                let column = TEXT_FIELDS.iter().position(|known| known == text);
                let codes = column.map_or(Numbers::NOTHING, |at| Numbers::open(self.texts[at].as_ref(), 0));
                values.extend(
                    rows.map(|row| self.or_missing(row, pool_text(&self.pool, codes.get(row)).map(Value::Text))),
                );
            }
        }
        values
    }

    fn or_missing<'a>(&self, row: usize, value: Option<Value<'a>>) -> Value<'a> {
        value.unwrap_or(if self.local.value(row) { Value::Absent } else { Value::Unknown })
    }

    fn label(&self, row: usize, key: &str) -> Option<&str> {
        let labels = self.labels.as_ref()?;
        if key == LABEL_KEYS {
            return pool_text(&self.pool, Numbers::open(labels.all_keys.as_ref(), 0).get(row));
        }
        let offsets = Numbers::open(labels.offsets.as_ref(), 0);
        let keys = Numbers::open(labels.keys.as_ref(), 0);
        let range = offsets.get(row) as usize..offsets.get(row + 1) as usize;
        let at = range.into_iter().find(|at| pool_text(&self.pool, keys.get(*at)) == Some(key))?;
        pool_text(&self.pool, Numbers::open(labels.values.as_ref(), 0).get(at))
    }

    /// Bytes that go when this goes.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.texts.iter().chain([&self.pids]).flatten();
        columns.map(|column| column.get_array_memory_size()).sum::<usize>()
            + self.addresses.get_array_memory_size()
            + self.proxied.as_ref().map_or(0, Array::get_array_memory_size)
            + self.local.get_array_memory_size()
            + self.pool.get_array_memory_size()
            + self.labels.as_ref().map_or(0, Labels::bytes)
            + size_of::<Self>()
    }
}

fn integer(value: u64) -> Option<Value<'static>> {
    (value != ABSENT).then(|| Value::Integer(value.cast_signed()))
}

fn pack_addresses(endpoints: &[Arc<Endpoint>]) -> FixedSizeBinaryArray {
    let mut bytes = Vec::with_capacity(endpoints.len() * 16);
    for endpoint in endpoints {
        bytes.extend_from_slice(&octets(endpoint.address));
    }
    FixedSizeBinaryArray::new(16, Buffer::from_vec(bytes), None)
}

fn pack_proxied(endpoints: &[Arc<Endpoint>]) -> Option<FixedSizeBinaryArray> {
    endpoints.iter().any(|endpoint| endpoint.proxied_address.is_some()).then(|| {
        let (mut bytes, mut known) = (Vec::with_capacity(endpoints.len() * 16), Vec::with_capacity(endpoints.len()));
        for endpoint in endpoints {
            bytes.extend_from_slice(&endpoint.proxied_address.map_or([0; 16], octets));
            known.push(endpoint.proxied_address.is_some());
        }
        FixedSizeBinaryArray::new(16, Buffer::from_vec(bytes), Some(known.into()))
    })
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn unpack_address(addresses: &FixedSizeBinaryArray, row: usize) -> Option<IpAddr> {
    let bytes: [u8; 16] = addresses.is_valid(row).then(|| addresses.value(row))?.try_into().ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical())
}

impl Labels {
    fn seal(endpoints: &[Arc<Endpoint>], pool: &mut Pool) -> Option<Self> {
        let (mut offsets, mut keys, mut values) = (vec![0], Vec::new(), Vec::new());
        // Kept to the end: the pool knows texts by their places in memory too.
        let all_keys: Vec<Option<Text>> = endpoints
            .iter()
            .map(|endpoint| (!endpoint.labels.is_empty()).then(|| keys_text(&endpoint.labels).into()))
            .collect();
        for endpoint in endpoints {
            for (key, value) in &*endpoint.labels {
                keys.push(pool.code(Some(key)));
                values.push(pool.code(Some(value)));
            }
            offsets.push(keys.len() as u64);
        }
        if keys.is_empty() {
            return None;
        }
        let all_codes: Vec<u64> = all_keys.iter().map(|all| pool.code(all.as_ref())).collect();
        let (offsets, keys, values) = (pack(&offsets), pack(&keys), pack(&values));
        Some(Self { all_keys: pack(&all_codes), offsets, keys, values })
    }

    fn bytes(&self) -> usize {
        [&self.all_keys, &self.offsets, &self.keys, &self.values]
            .into_iter()
            .flatten()
            .map(|array| array.get_array_memory_size())
            .sum()
    }
}
