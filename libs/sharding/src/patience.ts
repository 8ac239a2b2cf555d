/** How patient replicas are with each other. All of it follows from the lease, since a lease is what a silent replica keeps. */
export function patience(leaseMs: number) {
  return {
    aliveMs: leaseMs / 5,
    deadMs: leaseMs * 0.7,
    cutOffMs: leaseMs * 2,
    stableMs: leaseMs,
    graceMs: leaseMs,
    againMs: leaseMs / 5,
    listenMs: Math.min(200, leaseMs / 10),
  };
}
