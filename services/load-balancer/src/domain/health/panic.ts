/**
 * The panic rule (Envoy's panic threshold): where too few of those that are up are routable, what is known of their health is more
 * likely wrong, or of less use, than no swarm at all. Everyone that is up may be given work then; those that are not well come last.
 */
export function isPanic(routable: number, up: number, below: number): boolean {
  return up > 0 && routable < up * below;
}
