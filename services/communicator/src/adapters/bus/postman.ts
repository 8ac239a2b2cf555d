import type { Bus } from '@multiswarm/bus';
import { LIMITS, MultiswarmError, subjects } from '@multiswarm/contracts';
import { deliveryLabel, packed, packedBytes, type Parcel } from '@multiswarm/messaging';
import type { Postman } from '../../ports';

const NO_HEADERS = new Uint8Array(0);

/**
 * Hands messages over as they are: headers and body are passed on. What is for one session in one turn goes together, in its order.
 */
export function busPostman(bus: Bus, onFault: (error: unknown) => void): Postman {
  const waiting = new Map<string, Parcel[]>();
  const sendAll = (): void => {
    const all = [...waiting];
    waiting.clear();
    for (const [session, parcels] of all) {
      try {
        for (const pack of inPacks(parcels))
          bus.connection.publish(subjects.mailDelivery(session), packed(pack));
      } catch (error) {
        onFault(error); // they come again when the time to acknowledge them is over
      }
    }
  };
  return {
    deliver: (session, ticket, address, { headers, data }) => {
      if (!bus.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
      // A line that is cut after this is one that is cut while they are on their way: they come again.
      if (waiting.size === 0) queueMicrotask(sendAll);
      const parcel = { label: deliveryLabel(ticket, address), headers: headers?.bytes ?? NO_HEADERS, data };
      const parcels = waiting.get(session);
      if (parcels === undefined) waiting.set(session, [parcel]);
      else parcels.push(parcel);
    },
  };
}

/** In parts that a message of NATS carries; one that is larger goes alone. */
function* inPacks(parcels: readonly Parcel[]): Iterable<Parcel[]> {
  let pack: Parcel[] = [];
  let bytes = 0;
  for (const parcel of parcels) {
    const size = packedBytes(parcel);
    if (pack.length > 0 && (bytes + size > LIMITS.MAIL_PACK_BYTES || pack.length >= LIMITS.MAIL_PACK)) {
      yield pack;
      pack = [];
      bytes = 0;
    }
    pack.push(parcel);
    bytes += size;
  }
  if (pack.length > 0) yield pack;
}
