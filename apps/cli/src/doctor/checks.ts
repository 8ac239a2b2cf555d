/** One thing that was looked at, and what to do where it is not well. */
export interface Check {
  name: string;
  /** `warn`: works, but not as it should; does not fail the command. */
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  remedy?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, status: 'ok', detail };
}

export function warn(name: string, detail: string, remedy: string): Check {
  return { name, status: 'warn', detail, remedy };
}

export function fail(name: string, detail: string, remedy: string): Check {
  return { name, status: 'fail', detail, remedy };
}
