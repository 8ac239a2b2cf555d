/** Requests with the same body: so many under way all the time, or so many a second whatever becomes of them. */
export type Loop = { requests: number } & (
  { kind: 'closed'; inFlight: number } | { kind: 'open'; rate: number }
);

export interface Answered {
  readonly perSecond: number;
  /** From when it was sent; in an open loop from when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How often an open loop looks which requests are due. */
const TICK_MS = 1;

type One = (fromMs: number) => Promise<void>;

/** @param request sends one, and rejects where the answer is none */
export async function runLoop(loop: Loop, request: () => Promise<unknown>): Promise<Answered> {
  const times: number[] = [];
  const one: One = async (fromMs) => {
    await request();
    times.push(performance.now() - fromMs);
  };
  const from = performance.now();
  await (loop.kind === 'closed' ? closed(loop, one) : open(loop, one));
  const seconds = (performance.now() - from) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? NaN;
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function closed({ inFlight, requests }: Extract<Loop, { kind: 'closed' }>, one: One): Promise<void> {
  let left = requests;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one(performance.now());
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** A request is late from the moment at which it was due, whether it could be sent then or not. */
function open({ rate, requests }: Extract<Loop, { kind: 'open' }>, one: One): Promise<void> {
  const from = performance.now();
  let sent = 0;
  let ended = 0;
  return new Promise((resolve, reject) => {
    const ticking = setInterval(() => {
      const now = performance.now();
      for (; sent < requests && from + (sent * 1_000) / rate <= now; sent += 1)
        one(from + (sent * 1_000) / rate).then(() => {
          ended += 1;
          if (ended === requests) resolve();
        }, fail);
      if (sent === requests) clearInterval(ticking);
    }, TICK_MS);
    const fail = (error: Error): void => {
      clearInterval(ticking);
      reject(error);
    };
  });
}
