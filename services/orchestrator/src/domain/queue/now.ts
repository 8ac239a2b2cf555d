/** Both clocks, in ms: `wall` for ages, `monotonic` for rates. */
export interface Now {
  wall: number;
  monotonic: number;
}
