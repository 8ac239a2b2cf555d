import type { World } from '../routing';
import type { Host } from '../world/host';
import type { Job } from '../world/job';

/**
 * What each replica believes that each host holds: the last report, plus what it has sent there since, less what has ended of
 * its own since.
 */
export class StaleView {
  /** By replica, then host. */
  private readonly believed: Int32Array;
  private readonly hosts: number;
  private readonly replicas: number;

  constructor({ hosts, replicas }: World) {
    this.hosts = hosts.length;
    this.replicas = replicas;
    this.believed = new Int32Array(this.hosts * replicas);
  }

  held(replica: number, host: number): number {
    return this.believed[replica * this.hosts + host] ?? 0;
  }

  sent(replica: number, host: number): void {
    this.add(replica, host, 1);
  }

  ended(job: Job): void {
    this.add(job.replica, job.host, -1);
  }

  reported(host: Host): void {
    for (let replica = 0; replica < this.replicas; replica += 1)
      this.believed[replica * this.hosts + host.index] = host.held;
  }

  private add(replica: number, host: number, change: number): void {
    const at = replica * this.hosts + host;
    this.believed[at] = Math.max(0, (this.believed[at] ?? 0) + change);
  }
}
