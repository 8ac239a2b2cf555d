import type { MsgHdrs } from '@nats-io/transport-node';

/** Headers of a message that has come: read by name, and passed on as they are. */
export interface WireHeaders {
  /** The empty text where there is none of that name. Names are as they were written. */
  get(name: string): string;
  /** As the client wants headers that are to be sent. */
  readonly sendable: MsgHdrs;
}

/** What a message carries. */
export interface WireBody {
  readonly headers: WireHeaders | undefined;
  readonly data: Uint8Array;
}

/** What the client keeps of a message that has come: all of it, and how much of that are headers. */
interface Kept {
  _msg?: { hdr?: number };
  _rdata?: Uint8Array;
}

/**
 * The headers of a message. The client would read all of them into a map, and print them again for whoever passes them on; here the
 * few that somebody asks for are looked for in the text, and the bytes are passed on. Where the client keeps them otherwise, its own
 * are used.
 */
export function wireHeadersOf(message: { readonly headers?: MsgHdrs | undefined }): WireHeaders | undefined {
  const { _msg: { hdr = -1 } = {}, _rdata } = message as Kept; // nothing but these two is assumed, and both may be missing
  if (_rdata !== undefined && hdr > 0) return new RawHeaders(_rdata.subarray(0, hdr));
  return message.headers && ofClient(message.headers);
}

/** Headers that the client has read. */
export function ofClient(headers: MsgHdrs): WireHeaders {
  return { get: (name) => headers.get(name), sendable: headers };
}

class RawHeaders implements WireHeaders {
  private text: string | undefined;

  constructor(private readonly bytes: Uint8Array) {}

  get(name: string): string {
    this.text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString('utf8');
    const start = this.text.indexOf(`\r\n${name}:`);
    if (start < 0) return '';
    const from = start + name.length + 3;
    const end = this.text.indexOf('\r\n', from);
    return this.text.slice(from, end < 0 ? undefined : end).trim();
  }

  get sendable(): MsgHdrs {
    const { bytes } = this;
    // The client asks headers that it sends for nothing but their bytes.
    return { encode: () => bytes } as unknown as MsgHdrs;
  }
}
