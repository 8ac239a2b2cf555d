export { busVoice } from './bus-voice';
export { HeldLease, LeaseKeeper, type LeaseElsewhere } from './held-lease';
export { kvLeases, type KvLeaseOptions, type KvLeases } from './kv-leases';
export { patience } from './patience';
export { Replicas, type ReplicaVoice } from './replicas';
export { ShardLeases, type OwnedShard } from './shard-leases';
export { SharedShards, type SharedShardsOptions, type SharedShardsParts } from './shared-shards';
