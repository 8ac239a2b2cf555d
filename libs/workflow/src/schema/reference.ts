/** What `#/$defs/name` leads to inside of its document. Whatever leads elsewhere may be anything. */
export function resolveReference(root: unknown, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return true;
  let at: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const name = decoded(part);
    if (typeof at !== 'object' || at === null || name === undefined || !Object.hasOwn(at, name)) return true;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}
