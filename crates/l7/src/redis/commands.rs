//! The commands that are known by name: of Redis 8, Valkey 8 and the modules that come with them. What a client calls by
//! another name is not shown, since nobody knows what it is.

use std::{collections::HashMap, sync::LazyLock};

/// Where the first key of a command is, among its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// Nowhere, or where it cannot be told from other words.
    None,
    /// At this place.
    At(usize),
    /// Behind a count at this place, which says how many there are.
    Counted(usize),
    /// Behind the word `STREAMS`.
    Streams,
}

/// A command that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) key: Key,
    /// Of a command that is a family of commands: the second words that are known. Empty for all others.
    members: &'static str,
}

/// Longest name, in bytes.
const NAME_MAX: usize = 32;

/// A name in upper case. None where it is none.
fn upper<'a>(name: &[u8], buffer: &'a mut [u8; NAME_MAX]) -> Option<&'a str> {
    let upper = buffer.get_mut(..name.len())?;
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    std::str::from_utf8(upper).ok()
}

/// Looks a command up by its name, in any case.
pub(super) fn find(name: &[u8]) -> Option<Known> {
    COMMANDS.get(upper(name, &mut [0; NAME_MAX])?).copied()
}

impl Known {
    pub(super) const fn is_family(&self) -> bool {
        !self.members.is_empty()
    }

    /// The second word of a family's member, where it is known.
    pub(super) fn member(&self, word: &[u8]) -> Option<&'static str> {
        let mut buffer = [0; NAME_MAX];
        let word = upper(word, &mut buffer)?;
        self.members.split(' ').find(|member| *member == word && !member.is_empty())
    }
}

static COMMANDS: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let plain = GROUPS
        .iter()
        .flat_map(|(names, key)| names.split(' ').map(|name| (name, Known { name, key: *key, members: "" })));
    let families = FAMILIES.iter().map(|(name, key, members)| (*name, Known { name, key: *key, members }));
    plain.chain(families).collect()
});

const GROUPS: &[(&str, Key)] = &[
    (FIRST, Key::At(1)),
    (MODULES_FIRST, Key::At(1)),
    (NONE, Key::None),
    ("BITOP PFDEBUG", Key::At(2)),
    ("LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION", Key::Counted(1)),
    ("BLMPOP BZMPOP EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO", Key::Counted(2)),
    ("MIGRATE", Key::At(3)),
    ("XREAD XREADGROUP", Key::Streams),
];

/// Their first word is a key or a channel.
const FIRST: &str = "\
    APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS BLMOVE BLPOP BRPOP BRPOPLPUSH BZPOPMAX BZPOPMIN COPY DECR DECRBY \
    DEL DELEX DELIFEQ DIGEST DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS \
    GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX \
    GETRANGE GETSET HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT \
    HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET HSETEX HSETNX \
    HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT LCS LINDEX LINSERT LLEN LMOVE LPOP LPOS LPUSH LPUSHX LRANGE LREM \
    LSET LTRIM MGET MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PFCOUNT PFMERGE PSETEX \
    PSUBSCRIBE PTTL PUBLISH PUNSUBSCRIBE RENAME RENAMENX RESTORE RESTORE-ASKING RPOP RPOPLPUSH RPUSH RPUSHX SADD \
    SCARD SDIFF SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER \
    SMOVE SORT SORT_RO SPOP SPUBLISH SRANDMEMBER SREM SSCAN SSUBSCRIBE STRLEN SUBSCRIBE SUBSTR SUNION \
    SUNIONSTORE SUNSUBSCRIBE TOUCH TTL TYPE UNLINK UNSUBSCRIBE VADD VCARD VDIM VEMB VGETATTR VINFO VISMEMBER \
    VLINKS VRANDMEMBER VRANGE VREM VSETATTR VSIM WATCH XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XLEN \
    XPENDING XRANGE XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE ZLEXCOUNT ZMSCORE \
    ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX \
    ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNIONSTORE";

/// The same, of modules: a key or an index.
const MODULES_FIRST: &str = "\
    BF.ADD BF.CARD BF.EXISTS BF.INFO BF.INSERT BF.LOADCHUNK BF.MADD BF.MEXISTS BF.RESERVE BF.SCANDUMP CF.ADD \
    CF.ADDNX CF.COUNT CF.DEL CF.EXISTS CF.INFO CF.INSERT CF.INSERTNX CF.MEXISTS CF.RESERVE CMS.INCRBY CMS.INFO \
    CMS.INITBYDIM CMS.INITBYPROB CMS.MERGE CMS.QUERY FT.AGGREGATE FT.ALTER FT.CREATE FT.CURSOR FT.DROPINDEX \
    FT.EXPLAIN FT.INFO FT.PROFILE FT.SEARCH FT.SPELLCHECK FT.SUGADD FT.SUGGET FT.TAGVALS JSON.ARRAPPEND \
    JSON.ARRINDEX JSON.ARRINSERT JSON.ARRLEN JSON.ARRPOP JSON.ARRTRIM JSON.CLEAR JSON.DEL JSON.FORGET JSON.GET \
    JSON.MERGE JSON.MGET JSON.MSET JSON.NUMINCRBY JSON.NUMMULTBY JSON.OBJKEYS JSON.OBJLEN JSON.RESP JSON.SET \
    JSON.STRAPPEND JSON.STRLEN JSON.TOGGLE JSON.TYPE TDIGEST.ADD TDIGEST.BYRANK TDIGEST.CDF TDIGEST.CREATE \
    TDIGEST.INFO TDIGEST.MAX TDIGEST.MERGE TDIGEST.MIN TDIGEST.QUANTILE TDIGEST.RANK TDIGEST.RESET TOPK.ADD \
    TOPK.INCRBY TOPK.INFO TOPK.LIST TOPK.QUERY TOPK.RESERVE TS.ADD TS.ALTER TS.CREATE TS.CREATERULE TS.DECRBY \
    TS.DEL TS.DELETERULE TS.GET TS.INCRBY TS.INFO TS.MADD TS.RANGE TS.REVRANGE";

/// They have no key, or any number of them behind other words.
const NONE: &str = "\
    ASKING AUTH BGREWRITEAOF BGSAVE DBSIZE DISCARD ECHO EXEC FAILOVER FLUSHALL FLUSHDB FT._LIST HELLO INFO KEYS \
    LASTSAVE LOLWUT MONITOR MULTI PFSELFTEST PING PSYNC QUIT RANDOMKEY READONLY READWRITE REPLCONF REPLICAOF \
    RESET ROLE SAVE SCAN SELECT SHUTDOWN SLAVEOF SWAPDB SYNC TIME TS.MGET TS.MRANGE TS.MREVRANGE TS.QUERYINDEX \
    UNWATCH WAIT WAITAOF";

const FAMILIES: &[(&str, Key, &str)] = &[
    ("ACL", Key::None, "CAT DELUSER DRYRUN GENPASS GETUSER HELP LIST LOAD LOG SAVE SETUSER USERS WHOAMI"),
    (
        "CLIENT",
        Key::None,
        "CACHING CAPA GETNAME GETREDIR HELP ID IMPORT-SOURCE INFO KILL LIST MAINT_NOTIFICATIONS NO-EVICT \
         NO-TOUCH PAUSE REPLY SETINFO SETNAME TRACKING TRACKINGINFO UNBLOCK UNPAUSE",
    ),
    (
        "CLUSTER",
        Key::None,
        "ADDSLOTS ADDSLOTSRANGE BUMPEPOCH COUNT-FAILURE-REPORTS COUNTKEYSINSLOT DELSLOTS DELSLOTSRANGE FAILOVER \
         FLUSHSLOTS FORGET GETKEYSINSLOT HELP INFO KEYSLOT LINKS MEET MIGRATION MYID MYSHARDID NODES REPLICAS \
         REPLICATE RESET SAVECONFIG SET-CONFIG-EPOCH SETSLOT SHARDS SLAVES SLOT-STATS SLOTS SYNCSLOTS",
    ),
    ("COMMAND", Key::None, "COUNT DOCS GETKEYS GETKEYSANDFLAGS HELP INFO LIST"),
    ("CONFIG", Key::None, "GET HELP RESETSTAT REWRITE SET"),
    (
        "DEBUG",
        Key::None,
        "CHANGE-REPL-ID DIGEST HELP JMAP LISTPACK LOADAOF OBJECT QUICKLIST-PACKED-THRESHOLD RELOAD \
         SET-ACTIVE-EXPIRE SLEEP",
    ),
    ("FUNCTION", Key::None, "DELETE DUMP FLUSH HELP KILL LIST LOAD RESTORE STATS"),
    ("LATENCY", Key::None, "DOCTOR GRAPH HELP HISTOGRAM HISTORY LATEST RESET"),
    ("MEMORY", Key::At(2), "DOCTOR HELP MALLOC-STATS PURGE STATS USAGE"),
    ("MODULE", Key::None, "HELP LIST LOAD LOADEX UNLOAD"),
    ("OBJECT", Key::At(2), "ENCODING FREQ HELP IDLETIME REFCOUNT"),
    ("PUBSUB", Key::None, "CHANNELS HELP NUMPAT NUMSUB SHARDCHANNELS SHARDNUMSUB"),
    ("SCRIPT", Key::None, "DEBUG EXISTS FLUSH HELP KILL LOAD SHOW"),
    (
        "SENTINEL",
        Key::None,
        "CKQUORUM CONFIG FAILOVER FLUSHCONFIG GET-MASTER-ADDR-BY-NAME HELP IS-MASTER-DOWN-BY-ADDR MASTER MASTERS \
         MONITOR MYID REMOVE REPLICAS RESET SENTINELS SET SLAVES",
    ),
    ("SLOWLOG", Key::None, "GET HELP LEN RESET"),
    ("XGROUP", Key::At(2), "CREATE CREATECONSUMER DELCONSUMER DESTROY HELP SETID"),
    ("XINFO", Key::At(2), "CONSUMERS GROUPS HELP STREAM"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_known_once() {
        let plain = GROUPS.iter().flat_map(|(names, _)| names.split(' '));
        let names: Vec<&str> = plain.chain(FAMILIES.iter().map(|(name, ..)| *name)).collect();
        assert_eq!(COMMANDS.len(), names.len());
        assert!(names.iter().all(|name| !name.is_empty() && name.len() <= NAME_MAX));
    }

    #[test]
    fn commands_are_found_in_any_case() {
        assert_eq!(find(b"gEt").map(|known| (known.name, known.key)), Some(("GET", Key::At(1))));
        assert_eq!(find(b"PING").map(|known| known.key), Some(Key::None));
        assert_eq!(find(b"eval").map(|known| known.key), Some(Key::Counted(2)));
        assert_eq!((find(b"secret"), find(b""), find(&[b'a'; 33]), find(b"\xff")), (None, None, None, None));
    }

    #[test]
    fn members_are_found_in_their_family() {
        let config = find(b"config").expect("it is known");
        assert_eq!((config.member(b"get"), config.member(b"password"), config.member(b"")), (Some("GET"), None, None));
        assert_eq!(find(b"GET").and_then(|get| get.member(b"")), None);
    }
}
