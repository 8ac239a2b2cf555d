import { keys } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { CheckTools } from './check-part';

/** So much is published before it is trimmed, and so long an idle relay waits with it. */
const UNTRIMMED = { messages: 128, ms: 1_500 };

/** What waits for the event stream, and what the stream has already. */
export class OutboxCheck {
  constructor(
    private readonly tools: CheckTools,
    /** The number of the last message of a shard that the stream has; undefined where it has none. */
    private readonly lastPublished: (shard: number) => Promise<number | undefined>,
  ) {}

  async walk(): Promise<void> {
    await this.judgeStream();
    await this.judgeTrim();
  }

  /** The stream is read first: what it has was committed before. */
  private async judgeStream(): Promise<void> {
    const { shard, findings, inspector } = this.tools;
    let streamed: number | undefined;
    try {
      streamed = await this.lastPublished(shard);
    } catch (error) {
      findings.skip(`event stream: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const { batchSeq, outbox } = await inspector.sums(shard);
    if (streamed !== undefined && streamed > batchSeq)
      findings.add({
        ...{ kind: 'event-stream', where: 'JetStream', of: `shard ${shard}` },
        ...{ expected: `no event after commit ${batchSeq}`, found: `events up to commit ${streamed}` },
        remedy: 'Redis has gone back behind what was published: see docs/recovery.md',
      });
    if (outbox.last !== undefined && outbox.last > batchSeq)
      findings.add({
        ...{ kind: 'outbox', where: keys.outbox(shard), of: `shard ${shard}` },
        ...{ expected: `no entry after commit ${batchSeq}`, found: `an entry of commit ${outbox.last}` },
        remedy: 'Redis has gone back behind what was published: see docs/recovery.md',
      });
  }

  /** What the stream has acknowledged, and is kept all the same. */
  private async judgeTrim(): Promise<void> {
    const { clock, findings, shard, store, repair, owner } = this.tools;
    if (!(await this.isUntrimmed())) return;
    await delay(clock, UNTRIMMED.ms);
    if (!(await this.isUntrimmed())) return;
    const published = owner.relay.publishedSeq;
    const finding = findings.add({
      ...{ kind: 'outbox', where: keys.outbox(shard), of: `shard ${shard}` },
      expected: `at most ${UNTRIMMED.messages} entries that JetStream has acknowledged`,
      found: 'more of them',
      remedy: `entries up to ${published} are removed`,
    });
    if (!repair) return;
    await store.trimOutbox(shard, published);
    findings.mended(finding);
  }

  private async isUntrimmed(): Promise<boolean> {
    const { owner, inspector, shard } = this.tools;
    const { outbox } = await inspector.sums(shard);
    const published = owner.relay.publishedSeq;
    return outbox.first !== undefined && outbox.first < published - UNTRIMMED.messages;
  }
}
