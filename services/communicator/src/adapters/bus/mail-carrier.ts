import type { Bus } from '@multiswarm/bus';
import type { MailCarrier } from '../../ports';

/** Core publish: fast, and gone if the recipient is not subscribed at that moment. */
export function busMailCarrier(bus: Bus): MailCarrier {
  return {
    carry: ({ subject, headers, body }) => {
      bus.publish(subject, body, {
        headers,
        ...(body.traceparent === undefined ? {} : { traceparent: body.traceparent }),
      });
    },
  };
}
