/** Seconds as a number, or a duration of Go such as `1h30m` or `500ms`; in milliseconds. Undefined where it is neither. */
export function durationMs(given: unknown): number | undefined {
  const text = typeof given === 'number' ? String(given) : typeof given === 'string' ? given.trim() : '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g))
    ms += Number(value) * (UNITS[unit ?? ''] ?? 0);
  return Math.round(ms);
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** A quantity of Kubernetes such as `500m`, `2` or `64Mi`. */
export function quantity(given: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|k|Ki|[MGT]i?|)$/.exec(String(given).trim());
  const factor = SUFFIXES[match?.[2] ?? '-'];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

/** A whole number, also one that is written as text. */
export function wholeNumber(given: unknown): number | undefined {
  const text = typeof given === 'number' || typeof given === 'string' ? String(given).trim() : '';
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
