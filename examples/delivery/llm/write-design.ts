/** The design step with a model as its writer: edits and tables stay those of the deterministic agent. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { JsonValue } from '@multiswarm/contracts';
import { NonRetryableError, RetryableError, type TaskContext } from '@multiswarm/sdk';
import { ChatError, completeChat } from './chat-completions';
import { introductionPrompt, readIntroduction, UnusableIntroductionError } from './introduction';

const DESIGN_AGENT = path.join(__dirname, '../agents/design.mjs');
const MAX_TOKENS = 1_000;
const STDERR_CHARS = 2_000;

export interface Model {
  baseUrl: string;
  apiKey: string;
  model: string;
  timeoutMs: number;
}

interface Design {
  [key: string]: JsonValue;
  facts: JsonValue;
}

/**
 * Designs, lets the model write the introduction, and designs again with it. The second run repeats the first to the
 * letter except for the introduction, so no answer of a model can reach the list of edits.
 */
export async function writeDesign(
  input: JsonValue,
  ctx: Pick<TaskContext, 'signal' | 'usage'>,
  model: Model,
): Promise<JsonValue> {
  const own = typeof input === 'object' && input !== null && !Array.isArray(input) ? input : {};
  const { facts } = await runDesignAgent(own, ctx.signal);
  const prose = await writeIntroduction(facts, ctx, model);
  const design = await runDesignAgent({ ...own, prose }, ctx.signal);
  return { ...design, writer: model.model };
}

async function writeIntroduction(
  facts: JsonValue,
  ctx: Pick<TaskContext, 'signal' | 'usage'>,
  model: Model,
): Promise<string> {
  try {
    const messages = introductionPrompt(facts);
    const answer = await completeChat({ ...model, messages, maxTokens: MAX_TOKENS, signal: ctx.signal });
    // Tokens are spent whether or not the answer can be used.
    ctx.usage({ inputTokens: answer.inputTokens, outputTokens: answer.outputTokens });
    return readIntroduction(answer.text, facts);
  } catch (error) {
    throw asAttemptError(error);
  }
}

function asAttemptError(error: unknown): unknown {
  if (error instanceof UnusableIntroductionError) {
    return new RetryableError('llm-unusable-answer', error.message, { cause: error });
  }
  if (!(error instanceof ChatError)) return error;
  return error.retryable
    ? new RetryableError('llm-unavailable', error.message, { cause: error })
    : new NonRetryableError('llm-refused', error.message, { cause: error });
}

/** The deterministic agent as a process; its faults are of the input, so another attempt would not help. */
function runDesignAgent(input: { [key: string]: JsonValue }, signal: AbortSignal): Promise<Design> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [DESIGN_AGENT], { signal });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    // A child that ends before it has read everything is reported by its exit code.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(texts.stdout) as Design);
      else reject(new NonRetryableError('design-failed', texts.stderr.trim().slice(-STDERR_CHARS)));
    });
    child.stdin.end(JSON.stringify(input));
  });
}
