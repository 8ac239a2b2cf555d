/**
 * When each host has its next event, and whose is the first: a winner tree over all of them. Setting one costs the logarithm
 * of their number; nothing of the past stays in it.
 */
export class Agenda {
  private readonly leaves: number;
  /** `times[leaves + host]`, and above them the smaller of two. */
  private readonly times: Float64Array;
  private readonly winners: Int32Array;

  constructor(hosts: number) {
    this.leaves = 2 ** Math.ceil(Math.log2(Math.max(2, hosts)));
    this.times = new Float64Array(this.leaves).fill(Infinity);
    this.winners = new Int32Array(2 * this.leaves);
    for (let at = 0; at < this.leaves; at += 1) this.winners[this.leaves + at] = at;
    for (let at = this.leaves - 1; at > 0; at -= 1) this.winners[at] = this.winners[2 * at] ?? 0;
  }

  get first(): number {
    return this.winners[1] ?? 0;
  }

  get firstS(): number {
    return this.times[this.first] ?? Infinity;
  }

  set(host: number, atS: number): void {
    this.times[host] = atS;
    for (let at = (this.leaves + host) >> 1; at > 0; at >>= 1) {
      const left = this.winners[2 * at] ?? 0;
      const right = this.winners[2 * at + 1] ?? 0;
      this.winners[at] = (this.times[right] ?? 0) < (this.times[left] ?? 0) ? right : left;
    }
  }
}
