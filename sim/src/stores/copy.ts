/** As through Redis and back: nothing is shared, and what is undefined is gone. */
export function copy<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
