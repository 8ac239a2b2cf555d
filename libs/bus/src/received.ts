import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { headers as names } from '@multiswarm/contracts';
import type { Delivery } from './bus';

/** A message that has come. Its headers are read when somebody asks for them: most handlers do not. */
export class Received implements Delivery {
  constructor(private readonly message: Msg) {}

  get subject(): string {
    return this.message.subject;
  }

  get headers(): MsgHdrs | undefined {
    return this.message.headers;
  }

  get traceparent(): string | undefined {
    return this.message.headers?.get(names.traceparent) || undefined;
  }
}
