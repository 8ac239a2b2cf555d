import { textOf, type WireBody } from '@multiswarm/bus';
import { fromWire, LIMITS, type MailAddress, type MailTaken } from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock } from '@multiswarm/core';
import type { Mail } from '../domain/mailbox/mail';

/** A reader that waits for messages: it has them with the next turn of the event loop, or none when its time is over. */
export class Taker {
  private readonly taken: MailTaken['messages'] = [];
  private readonly result = deferred<MailTaken['messages']>();
  private readonly cancel: Cancel;
  private bytes = 0;
  private over = false;

  constructor(
    private readonly most: number,
    waitMs: number,
    private readonly clock: Clock,
  ) {
    this.cancel = clock.after(waitMs, () => this.end());
  }

  get done(): Promise<MailTaken['messages']> {
    return this.result.promise;
  }

  /**
   * @returns false where it takes nothing more: what comes behind it in its conversation must not be taken either
   * @throws MultiswarmError `invalid-request` where the message is none
   */
  give(mail: Mail, address: MailAddress, { headers, data }: WireBody): boolean {
    this.bytes += data.length;
    if (this.taken.length > 0 && this.bytes > LIMITS.MAIL_TAKEN_BYTES) this.end();
    if (this.over) return false;
    const read = fromWire(address, headers?.text ?? '', textOf(data));
    this.taken.push({ seq: mail.seq, message: { ...read, attempt: mail.attempts } });
    if (this.taken.length >= this.most) this.end();
    else if (this.taken.length === 1) this.clock.soon(() => this.end());
    return true;
  }

  end(): void {
    this.over = true;
    this.cancel();
    this.result.resolve(this.taken);
  }
}
