/**
 * A body that is JSON already: printed once, it is sent as it is. Whoever prints it all the same prints what it stands for.
 */
export class Printed {
  constructor(readonly json: string) {}

  toJSON(): unknown {
    return JSON.parse(this.json);
  }
}

/** The JSON of a body. */
export function printed(body: unknown): string {
  return body instanceof Printed ? body.json : JSON.stringify(body);
}
