import { MultiswarmError } from '@multiswarm/contracts';

/** Bytes of a head: the lengths of the label, of the headers and of the data, little-endian. */
const HEAD_BYTES = 12;

/** A message on its way to a reader, as it is packed. */
export interface Parcel {
  /** Ticket and address: ASCII. */
  label: string;
  headers: Uint8Array;
  data: Uint8Array;
}

/** The same, unpacked. */
export interface OpenedParcel {
  label: string;
  headers: string;
  data: string;
}

/** How many bytes of a pack a parcel takes. */
export function packedBytes({ label, headers, data }: Parcel): number {
  return HEAD_BYTES + label.length + headers.length + data.length;
}

/** Several parcels as one body, in their order: one message of NATS carries what would else be many. */
export function packed(parcels: readonly Parcel[]): Uint8Array {
  const pack = Buffer.allocUnsafe(parcels.reduce((sum, parcel) => sum + packedBytes(parcel), 0));
  let at = 0;
  for (const { label, headers, data } of parcels) {
    pack.writeUInt32LE(label.length, at);
    pack.writeUInt32LE(headers.length, at + 4);
    pack.writeUInt32LE(data.length, at + 8);
    at += HEAD_BYTES;
    at += pack.write(label, at, 'latin1');
    pack.set(headers, at);
    at += headers.length;
    pack.set(data, at);
    at += data.length;
  }
  return pack;
}

/** @throws MultiswarmError `invalid-request` for what is no pack; nothing of it has been told then */
export function unpacked(bytes: Uint8Array): OpenedParcel[] {
  const pack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parcels: OpenedParcel[] = [];
  let at = 0;
  while (at < pack.length) {
    if (at + HEAD_BYTES > pack.length) throw torn();
    const labelEnd = at + HEAD_BYTES + pack.readUInt32LE(at);
    const headersEnd = labelEnd + pack.readUInt32LE(at + 4);
    const end = headersEnd + pack.readUInt32LE(at + 8);
    if (end > pack.length) throw torn();
    parcels.push({
      label: pack.toString('latin1', at + HEAD_BYTES, labelEnd),
      headers: pack.toString('utf8', labelEnd, headersEnd),
      data: pack.toString('utf8', headersEnd, end),
    });
    at = end;
  }
  return parcels;
}

function torn(): MultiswarmError {
  return new MultiswarmError('invalid-request', 'a pack of messages that ends in the middle of one');
}
