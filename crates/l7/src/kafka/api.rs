//! The requests that are known: names, versions, and from which version on they are flexible (KIP-482). From the protocol
//! guide of Kafka 4, and of 3 for what 4 dropped.

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Api {
    pub(super) key: i16,
    pub(super) name: &'static str,
    /// The newest version that is known.
    newest: i16,
    /// Flexible from this version on.
    flexible_from: i16,
}

pub(super) const PRODUCE: i16 = 0;
pub(super) const FETCH: i16 = 1;
pub(super) const LIST_OFFSETS: i16 = 2;
pub(super) const METADATA: i16 = 3;
pub(super) const CONTROLLED_SHUTDOWN: i16 = 7;
pub(super) const API_VERSIONS: i16 = 18;
pub(super) const CREATE_TOPICS: i16 = 19;
pub(super) const DELETE_TOPICS: i16 = 20;

/// Versions that may have come since.
const NEWER: i16 = 4;
/// No version is flexible.
const NEVER: i16 = i16::MAX;

/// Looks a request up by its key.
pub(super) fn find(key: i16) -> Option<&'static Api> {
    let index = APIS.binary_search_by_key(&key, |api| api.key).ok()?;
    Some(&APIS[index])
}

impl Api {
    /// Whether a request may be of this version.
    pub(super) const fn has(&self, version: i16) -> bool {
        version >= 0 && version <= self.newest + NEWER
    }

    /// Whether its fields are known in this version.
    pub(super) const fn knows(&self, version: i16) -> bool {
        version <= self.newest
    }

    pub(super) const fn is_flexible(&self, version: i16) -> bool {
        version >= self.flexible_from
    }
}

const fn api(key: i16, name: &'static str, newest: i16, flexible_from: i16) -> Api {
    Api { key, name, newest, flexible_from }
}

/// Sorted by key.
const APIS: &[Api] = &[
    api(0, "Produce", 13, 9),
    api(1, "Fetch", 18, 12),
    api(2, "ListOffsets", 10, 6),
    api(3, "Metadata", 13, 9),
    api(4, "LeaderAndIsr", 7, 4),
    api(5, "StopReplica", 4, 2),
    api(6, "UpdateMetadata", 8, 6),
    api(7, "ControlledShutdown", 3, 3),
    api(8, "OffsetCommit", 10, 8),
    api(9, "OffsetFetch", 10, 6),
    api(10, "FindCoordinator", 6, 3),
    api(11, "JoinGroup", 9, 6),
    api(12, "Heartbeat", 4, 4),
    api(13, "LeaveGroup", 5, 4),
    api(14, "SyncGroup", 5, 4),
    api(15, "DescribeGroups", 6, 5),
    api(16, "ListGroups", 5, 3),
    api(17, "SaslHandshake", 1, NEVER),
    api(18, "ApiVersions", 4, 3),
    api(19, "CreateTopics", 7, 5),
    api(20, "DeleteTopics", 6, 4),
    api(21, "DeleteRecords", 2, 2),
    api(22, "InitProducerId", 5, 2),
    api(23, "OffsetForLeaderEpoch", 4, 4),
    api(24, "AddPartitionsToTxn", 5, 3),
    api(25, "AddOffsetsToTxn", 4, 3),
    api(26, "EndTxn", 5, 3),
    api(27, "WriteTxnMarkers", 1, 0),
    api(28, "TxnOffsetCommit", 5, 3),
    api(29, "DescribeAcls", 3, 2),
    api(30, "CreateAcls", 3, 2),
    api(31, "DeleteAcls", 3, 2),
    api(32, "DescribeConfigs", 4, 4),
    api(33, "AlterConfigs", 2, 2),
    api(34, "AlterReplicaLogDirs", 2, 2),
    api(35, "DescribeLogDirs", 5, 2),
    api(36, "SaslAuthenticate", 2, 2),
    api(37, "CreatePartitions", 3, 2),
    api(38, "CreateDelegationToken", 3, 2),
    api(39, "RenewDelegationToken", 2, 2),
    api(40, "ExpireDelegationToken", 2, 2),
    api(41, "DescribeDelegationToken", 3, 2),
    api(42, "DeleteGroups", 2, 2),
    api(43, "ElectLeaders", 2, 2),
    api(44, "IncrementalAlterConfigs", 1, 1),
    api(45, "AlterPartitionReassignments", 1, 0),
    api(46, "ListPartitionReassignments", 0, 0),
    api(47, "OffsetDelete", 0, NEVER),
    api(48, "DescribeClientQuotas", 1, 1),
    api(49, "AlterClientQuotas", 1, 1),
    api(50, "DescribeUserScramCredentials", 0, 0),
    api(51, "AlterUserScramCredentials", 0, 0),
    api(52, "Vote", 2, 0),
    api(53, "BeginQuorumEpoch", 1, 1),
    api(54, "EndQuorumEpoch", 1, 1),
    api(55, "DescribeQuorum", 2, 0),
    api(56, "AlterPartition", 3, 0),
    api(57, "UpdateFeatures", 2, 0),
    api(58, "Envelope", 0, 0),
    api(59, "FetchSnapshot", 1, 0),
    api(60, "DescribeCluster", 2, 0),
    api(61, "DescribeProducers", 0, 0),
    api(62, "BrokerRegistration", 4, 0),
    api(63, "BrokerHeartbeat", 1, 0),
    api(64, "UnregisterBroker", 0, 0),
    api(65, "DescribeTransactions", 0, 0),
    api(66, "ListTransactions", 2, 0),
    api(67, "AllocateProducerIds", 0, 0),
    api(68, "ConsumerGroupHeartbeat", 1, 0),
    api(69, "ConsumerGroupDescribe", 1, 0),
    api(70, "ControllerRegistration", 0, 0),
    api(71, "GetTelemetrySubscriptions", 0, 0),
    api(72, "PushTelemetry", 0, 0),
    api(73, "AssignReplicasToDirs", 0, 0),
    api(74, "ListConfigResources", 1, 0),
    api(75, "DescribeTopicPartitions", 0, 0),
    api(76, "ShareGroupHeartbeat", 1, 0),
    api(77, "ShareGroupDescribe", 1, 0),
    api(78, "ShareFetch", 1, 0),
    api(79, "ShareAcknowledge", 1, 0),
    api(80, "AddRaftVoter", 0, 0),
    api(81, "RemoveRaftVoter", 0, 0),
    api(82, "UpdateRaftVoter", 0, 0),
    api(83, "InitializeShareGroupState", 0, 0),
    api(84, "ReadShareGroupState", 0, 0),
    api(85, "WriteShareGroupState", 0, 0),
    api(86, "DeleteShareGroupState", 0, 0),
    api(87, "ReadShareGroupStateSummary", 0, 0),
    api(90, "DescribeShareGroupOffsets", 0, 0),
    api(91, "AlterShareGroupOffsets", 0, 0),
    api(92, "DeleteShareGroupOffsets", 0, 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_found() {
        assert!(APIS.is_sorted_by(|one, other| one.key < other.key));
        assert_eq!(find(API_VERSIONS).map(|api| (api.name, api.is_flexible(3))), Some(("ApiVersions", true)));
        assert_eq!((find(-1), find(999)), (None, None));
    }
}
