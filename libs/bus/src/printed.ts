/**
 * A body that is JSON already: printed once, it is sent as it is. Whoever prints it all the same prints what it stands for.
 */
export class Printed {
  /** @param payload as text, or in UTF-8 */
  constructor(readonly payload: string | Uint8Array) {}

  get json(): string {
    return typeof this.payload === 'string' ? this.payload : new TextDecoder().decode(this.payload);
  }

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}

/** The JSON of a body. */
export function printed(body: unknown): string {
  return body instanceof Printed ? body.json : JSON.stringify(body);
}

/** The same, not decoded where it is encoded already. */
export function payloadOf(body: unknown): string | Uint8Array {
  return body instanceof Printed ? body.payload : JSON.stringify(body);
}
