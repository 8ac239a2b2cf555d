/** A name with its numbers taken out: steps with one stem have alike names. */
export function stemOf(id: string): string {
  return id.replaceAll(/\d+/g, '#');
}

/** One name for many: `crawl[0..999]`, `fetch-[1..20]`, `shard-*-*`, `load*`. */
export function commonLabel(ids: readonly string[]): string {
  const [first = ''] = ids;
  if (ids.length <= 1) return first;
  const parts = ids.map((id) => id.split(/(\d+)/));
  const shape = stemOf(first);
  if (ids.some((id) => stemOf(id) !== shape)) return prefixLabel(ids);
  const varying = (parts[0] ?? []).flatMap((part, at) =>
    parts.some((others) => others[at] !== part) ? [at] : [],
  );
  const range = (at: number): string => {
    const numbers = parts.map((each) => each[at] ?? '').sort((a, b) => Number(a) - Number(b));
    return `${unpadded(numbers[0])}..${unpadded(numbers[numbers.length - 1])}`;
  };
  if (varying.length !== 1)
    return (parts[0] ?? []).map((part, at) => (varying.includes(at) ? '*' : part)).join('');
  const [only = 0] = varying;
  const head = parts[0]?.slice(0, only).join('') ?? '';
  const tail = parts[0]?.slice(only + 1).join('') ?? '';
  // Items of maps have brackets already.
  return head.endsWith('[') && tail.startsWith(']')
    ? `${head}${range(only)}${tail}`
    : `${head}[${range(only)}]${tail}`;
}

function unpadded(digits = ''): string {
  return digits.replace(/^0+(?=\d)/, '');
}

function prefixLabel(ids: readonly string[]): string {
  let prefix = ids[0] ?? '';
  for (const id of ids) while (!id.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix.length > 1 ? `${prefix}*` : `${ids[0]}…${ids[ids.length - 1]}`;
}
