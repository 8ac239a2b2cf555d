/** Real epochs are seconds since 1970, so this one is over everywhere, */
export const OLD_EPOCH = 1;
/**
 * and this one, even as `withEpochs` needs it, is later than any that a service gets. Only the swarm that is attacked ever hears of it: from the
 * first request on it is the one that holds for every shard and for the region.
 */
export const LATEST_EPOCH = 2 ** 40;
