/**
 * The contract of an executable agent: one JSON document on stdin, one on stdout, log lines on stderr,
 * exit code 0 for success. The last line on stderr is what people read when the attempt fails.
 */
import { AgentError } from './agent-error.mjs';
import { stopEverything } from './workspace.mjs';

/** Largest output that a task may have. */
export const OUTPUT_BYTES = 256 * 1024;
/** Largest input that is read before the agent gives up. */
const INPUT_BYTES = 4 * 1024 * 1024;

/** @param {string} message */
export function log(message) {
  process.stderr.write(`${message}\n`);
}

/**
 * What the environment says about the attempt; by hand, outside of a swarm, the run is called `local`.
 * @returns {{ run: string, step: string, attempt: number, swarm: string, region: string }}
 */
export function attempt() {
  const { env } = process;
  return {
    run: env.MULTISWARM_WORKFLOW_ID || env.MULTISWARM_TASK_ID || 'local',
    step: env.MULTISWARM_STEP || '',
    attempt: Number(env.MULTISWARM_ATTEMPT || 1),
    swarm: env.MULTISWARM_SWARM_ID || '',
    region: env.MULTISWARM_REGION || '',
  };
}

/**
 * Runs an agent: reads the input, calls `work`, writes its result.
 * SIGTERM means cancelled: children are stopped and temporary directories removed before the process ends.
 * @param {(input: Record<string, any>) => Promise<unknown> | unknown} work
 */
export async function runAgent(work) {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      stopEverything();
      log(`cancelled by ${signal}`);
      process.exit(signal === 'SIGTERM' ? 143 : 130);
    });
  }
  try {
    const output = JSON.stringify(await work(parseInput(await readStdin())));
    const bytes = Buffer.byteLength(output);
    if (bytes > OUTPUT_BYTES) {
      throw new AgentError(
        `the output has ${bytes} bytes, a step may hand on ${OUTPUT_BYTES}: the project is too large`,
      );
    }
    await new Promise((resolve) => process.stdout.write(`${output}\n`, resolve));
  } catch (error) {
    stopEverything();
    log(error instanceof AgentError ? error.message : (error?.stack ?? String(error)));
    process.exitCode = 1;
  }
}

async function readStdin() {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES) throw new AgentError(`the input is larger than ${INPUT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseInput(text) {
  let input;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new AgentError(`the input on stdin is no JSON document: ${error.message}`);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AgentError('the input on stdin must be a JSON object');
  }
  return input;
}

/**
 * The output of the direct dependency that has the wanted kind, whatever its step is called.
 * @param {Record<string, any>} input
 * @param {'analysis' | 'design' | 'implementation' | 'test-report'} kind
 */
export function upstream(input, kind) {
  const outputs = Object.values(input.upstream ?? {});
  const found = outputs.filter((output) => output?.kind === kind);
  if (found.length === 1) return found[0];
  const names = Object.entries(input.upstream ?? {}).map(
    ([step, output]) => `${step} (${output?.kind ?? 'no kind'})`,
  );
  const got = names.length === 0 ? 'there is no upstream output' : `upstream has ${names.join(', ')}`;
  throw new AgentError(`this step needs the output of one step of the kind "${kind}": ${got}`);
}

/** @param {Record<string, any>} input @param {string} key */
export function requiredText(input, key) {
  if (typeof input[key] === 'string' && input[key] !== '') return input[key];
  throw new AgentError(`the input needs "${key}", a text that is not empty`);
}
