/** Stands for the token of a grant that is not stored yet: its revision in the store, which only grows. */
export const NEW_TOKEN = 0;

/** The right to something for a while. Times are epoch ms. */
export interface Grant {
  holder: string;
  /** Equal for repetitions of the wish that it answers. */
  claim: string;
  token: number;
  ttlMs: number;
  expiresAt: number;
}

export interface Wish {
  holder: string;
  claim: string;
  ttlMs: number;
}

/** Who has asked for what it holds already: its answer was lost. */
export function isRepeated(grant: Grant | undefined, { holder, claim }: Wish, now: number): grant is Grant {
  return isLive(grant, now) && grant.holder === holder && grant.claim === claim;
}

export function isLive(grant: Grant | undefined, now: number): grant is Grant {
  return grant !== undefined && now < grant.expiresAt;
}

/** @param latest when it ends at the latest, epoch ms */
export function granted({ holder, claim, ttlMs }: Wish, now: number, latest = Infinity): Grant {
  return { holder, claim, ttlMs, token: NEW_TOKEN, expiresAt: Math.min(now + ttlMs, latest) };
}

/** Whether this is the grant that is held: another token is that of an earlier, or of another one. */
export function isHeldUnder(
  grant: Grant | undefined,
  { holder, token }: { holder: string; token: number },
  now: number,
): grant is Grant {
  return isLive(grant, now) && grant.holder === holder && grant.token === token;
}

export function renewed(grant: Grant, now: number, latest = Infinity): Grant {
  return { ...grant, expiresAt: Math.min(now + grant.ttlMs, latest) };
}
