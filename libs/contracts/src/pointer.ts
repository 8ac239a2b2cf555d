/** `['tasks', 2, 'input']` as an RFC 6901 JSON pointer: `/tasks/2/input`. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
