import type { Finding } from '@multiswarm/contracts';
import type { Io } from './io';
import { EXIT, Fault } from './faults';
import { paint } from './output/paint';

/** Any thrown value as a `Fault`. Errors of ours bring their exit code from the catalogue; anything else is a defect. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  // Loaded here because it takes longer than everything else that a refused command line needs.
  const { ERRORS, MultiswarmError } = loadContracts();
  if (error instanceof MultiswarmError) {
    const { exit, status } = ERRORS[error.code];
    return new Fault(error.message, {
      code: error.code,
      exit,
      status,
      findings: error.findings,
      cause: error,
    });
  }
  const sentence = error instanceof Error ? error.message : String(error);
  return new Fault(sentence, { code: 'internal', exit: EXIT.workFailed, cause: error });
}

function loadContracts(): typeof import('@multiswarm/contracts') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('@multiswarm/contracts') as typeof import('@multiswarm/contracts');
}

/** Writes the fault to stderr: for people, or as a JSON problem where the output format is for programs. */
export function reportFault(fault: Fault, io: Io, asJson: boolean): void {
  if (asJson) {
    io.stderr.write(`${JSON.stringify(toProblem(fault))}\n`);
    return;
  }
  const color = paint(io.stderr, io.env);
  const lines = [`${color.red('error:')} ${fault.message}`];
  for (const finding of fault.findings.filter((each) => !isSaid(each, fault)))
    lines.push(`  ${color.bold(finding.pointer || '/')}: ${finding.message}`);
  if (fault.hint !== undefined) lines.push(`hint: ${fault.hint}`);
  if (fault.traceId !== undefined && fault.code === 'internal') lines.push(`trace id: ${fault.traceId}`);
  if (io.env['MULTISWARM_DEBUG'] && fault.stack) lines.push(fault.stack);
  io.stderr.write(`${lines.join('\n')}\n`);
}

/** A finding that is the sentence itself is not listed below it once more. */
function isSaid({ pointer, message }: Finding, fault: Fault): boolean {
  const line = `${pointer || '/'}: ${message}`;
  const more = ` (and ${fault.findings.length - 1} more)`;
  return [line, line + more, ...(pointer === '' ? [message] : [])].includes(fault.message);
}

/** RFC 9457 in shape, with the exit code and the hint as extension members. */
export function toProblem(fault: Fault): Record<string, unknown> {
  return {
    type: `urn:multiswarm:error:${fault.code}`,
    title: fault.message,
    detail: fault.message,
    code: fault.code,
    exit: fault.exit,
    ...(fault.status === undefined ? {} : { status: fault.status }),
    ...(fault.traceId === undefined ? {} : { traceId: fault.traceId }),
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    ...(fault.findings.length === 0 ? {} : { errors: fault.findings }),
  };
}
