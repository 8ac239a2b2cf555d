import type { MsgHdrs } from '@nats-io/transport-node';

/** Headers of a message that has come: read by name, and passed on as they are. */
export interface WireHeaders {
  /** All of them as they were printed, with their first line. */
  readonly bytes: Uint8Array;
  /** The same as a text. */
  readonly text: string;
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
 * are printed.
 */
export function wireHeadersOf(message: { readonly headers?: MsgHdrs | undefined }): WireHeaders | undefined {
  const { _msg: { hdr = -1 } = {}, _rdata } = message as Kept; // nothing but these two is assumed, and both may be missing
  if (_rdata !== undefined && hdr > 0) return new PrintedHeaders(_rdata.subarray(0, hdr));
  return message.headers && ofClient(message.headers);
}

/** All that a message carries, in one piece, and how many of its bytes are headers. */
export interface WirePiece {
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
}

/** Of a message that has come. Where the client keeps it otherwise, it is put together. */
export function pieceOf(message: {
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
}): WirePiece {
  const { _msg: { hdr } = {}, _rdata } = message as Kept;
  if (_rdata !== undefined && hdr !== undefined) return { bytes: _rdata, headerBytes: Math.max(0, hdr) };
  const printed = message.headers === undefined ? NO_BYTES : printedBy(message.headers);
  return { bytes: Buffer.concat([printed, message.data]), headerBytes: printed.length };
}

const NO_BYTES = new Uint8Array(0);

export function headersIn({ bytes, headerBytes }: WirePiece): WireHeaders | undefined {
  return headerBytes === 0 ? undefined : new PrintedHeaders(bytes.subarray(0, headerBytes));
}

export function dataIn({ bytes, headerBytes }: WirePiece): Uint8Array {
  return headerBytes === 0 ? bytes : bytes.subarray(headerBytes);
}

/** Headers that the client has read. */
export function ofClient(headers: MsgHdrs): WireHeaders {
  return new PrintedHeaders(printedBy(headers));
}

function printedBy(headers: MsgHdrs): Uint8Array {
  return (headers as unknown as { encode(): Uint8Array }).encode(); // what the client itself calls to send them
}

/** Their text is made whenever somebody asks: who keeps many keeps the bytes alone. */
class PrintedHeaders implements WireHeaders {
  constructor(readonly bytes: Uint8Array) {}

  get text(): string {
    return textOf(this.bytes);
  }

  get(name: string): string {
    const { text } = this;
    const start = text.indexOf(`\r\n${name}:`);
    if (start < 0) return '';
    const from = start + name.length + 3;
    const end = text.indexOf('\r\n', from);
    return text.slice(from, end < 0 ? undefined : end).trim();
  }

  get sendable(): MsgHdrs {
    return sendable(this.bytes);
  }
}

/** What bytes say in UTF-8. They are not copied. */
export function textOf(bytes: Uint8Array): string {
  if (Buffer.isBuffer(bytes)) return bytes.toString('utf8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** The client asks headers that it sends for nothing but their bytes. */
export function sendable(bytes: Uint8Array): MsgHdrs {
  return { encode: () => bytes } as unknown as MsgHdrs;
}
