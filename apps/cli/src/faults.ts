import type { Finding } from '@multiswarm/contracts';

/** Exit codes, the same numbers as in the catalogue of errors. */
export const EXIT = {
  ok: 0,
  workFailed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  timedOut: 6,
  unavailable: 7,
  /** The shell's convention for a program that Ctrl-C ended: 128 + SIGINT. */
  interrupted: 130,
} as const;

export interface FaultOptions {
  code: string;
  exit: number;
  findings?: readonly Finding[];
  /** What to do about it, in one line. */
  hint?: string | undefined;
  traceId?: string | undefined;
  status?: number | undefined;
  cause?: unknown;
}

/** An error as the command line reports it: one sentence, where exactly, and what to do. */
export class Fault extends Error {
  readonly code: string;
  readonly exit: number;
  readonly findings: readonly Finding[];
  readonly hint: string | undefined;
  readonly traceId: string | undefined;
  readonly status: number | undefined;

  constructor(sentence: string, options: FaultOptions) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = options.code;
    this.exit = options.exit;
    this.findings = options.findings ?? [];
    this.hint = options.hint;
    this.traceId = options.traceId;
    this.status = options.status;
  }
}

/** The command line itself is wrong. */
export function usageFault(sentence: string, hint?: string): Fault {
  return new Fault(sentence, { code: 'usage', exit: EXIT.usage, hint });
}

/** A document cannot be used as it is; nothing was sent anywhere. */
export function documentFault(
  sentence: string,
  findings: readonly Finding[],
  code = 'invalid-workflow',
): Fault {
  return new Fault(sentence, { code, exit: EXIT.usage, findings });
}
