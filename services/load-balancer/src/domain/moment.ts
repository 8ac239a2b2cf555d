/** One instant on both clocks: the wall for what people read, the monotonic one for every age and expiry. */
export interface Moment {
  wallMs: number;
  monotonicMs: number;
}
