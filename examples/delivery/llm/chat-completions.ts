/** One call of an OpenAI-compatible chat completions endpoint. Everything that it touches is given. */

const ANSWER_CHARS = 256 * 1024;
const DETAIL_CHARS = 300;

export interface ChatMessage {
  role: 'system' | 'user';
  content: string;
}

export interface ChatRequest {
  /** With its version, as in `OPENAI_BASE_URL`: `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey: string;
  model: string;
  messages: readonly ChatMessage[];
  maxTokens: number;
  timeoutMs: number;
  /** Aborts the call; the reason is what is thrown. */
  signal: AbortSignal;
  fetch?: typeof fetch;
}

export interface ChatAnswer {
  text: string;
  inputTokens: number;
  outputTokens: number;
}

/** The call failed. `retryable` says whether the same call may succeed later. */
export class ChatError extends Error {
  constructor(
    message: string,
    readonly retryable: boolean,
    readonly status?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ChatError';
  }
}

/**
 * Asks once, without retries: those are the business of the task's policy.
 * Throws `ChatError`, or the reason of `signal` when it was aborted from outside.
 */
export async function completeChat(request: ChatRequest): Promise<ChatAnswer> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  try {
    return await ask(request, AbortSignal.any([request.signal, deadline]));
  } catch (error) {
    if (error instanceof ChatError) throw error;
    request.signal.throwIfAborted();
    if (deadline.aborted)
      throw new ChatError(`the model did not answer within ${request.timeoutMs} ms`, true);
    const cause = { cause: error };
    throw new ChatError(`the model cannot be reached: ${causeOf(error)}`, true, undefined, cause);
  }
}

async function ask(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
  const { baseUrl, apiKey, model, messages, maxTokens } = request;
  const response = await (request.fetch ?? fetch)(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model, messages, max_tokens: maxTokens }),
    signal,
  });
  const body = await response.text();
  if (!response.ok) throw statusError(response.status, body);
  return readAnswer(body);
}

/** 408, 409, 425, 429 and 5xx pass with time; another key, model or request is needed for the rest. */
function statusError(status: number, body: string): ChatError {
  const retryable = [408, 409, 425, 429].includes(status) || status >= 500;
  return new ChatError(`the model answered ${status}: ${detailOf(body)}`, retryable, status);
}

function detailOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message.slice(0, DETAIL_CHARS);
  } catch {
    // Proxies answer in HTML; the text itself says enough.
  }
  return body.trim().slice(0, DETAIL_CHARS) || 'without a body';
}

/** Fetch hides the reason of a failed connection in its cause. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

interface CompletionBody {
  choices?: { message?: { content?: unknown }; finish_reason?: unknown }[];
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown };
}

/** The text and the tokens of an answer; one that is cut off or has no text is a failure that may pass. */
export function readAnswer(body: string): ChatAnswer {
  if (body.length > ANSWER_CHARS) throw new ChatError(`the answer has ${body.length} characters`, false);
  const parsed = parseBody(body);
  const [choice] = Array.isArray(parsed?.choices) ? parsed.choices : [];
  const content = choice?.message?.content;
  if (typeof content !== 'string' || content.trim() === '')
    throw new ChatError('the answer has no text', true);
  if (choice?.finish_reason === 'length') {
    throw new ChatError('the answer was cut off at its limit of tokens', true);
  }
  return {
    text: content,
    inputTokens: countOf(parsed?.usage?.prompt_tokens),
    outputTokens: countOf(parsed?.usage?.completion_tokens),
  };
}

function parseBody(body: string): CompletionBody | null {
  try {
    return JSON.parse(body) as CompletionBody | null;
  } catch (error) {
    const shown = body.trim().slice(0, DETAIL_CHARS);
    throw new ChatError(`the answer is no JSON: ${shown}`, true, undefined, { cause: error });
  }
}

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
