import type { Notes } from './release-notes';

const UNRELEASED = /^## \[?unreleased\]?.*$/im;
const ITEM = /^- /;

/** The first sentence of each change under "Unreleased", by kind. Undefined where there is none. */
export function draftNotes(changelog: string): Notes | undefined {
  const begin = UNRELEASED.exec(changelog);
  if (!begin) return undefined;
  const rest = changelog.slice(begin.index + begin[0].length);
  const section = rest.split(/^## /m, 1)[0] ?? '';
  const lines: string[] = ['# What is new'];
  let changes = 0;
  for (const [kind, items] of byKind(section)) {
    if (items.length === 0) continue;
    lines.push('', `## ${kind}`, '', ...items.map((item) => `- ${firstSentence(item)}`));
    changes += items.length;
  }
  return changes === 0 ? undefined : { text: `${lines.join('\n')}\n`, changes };
}

/** The items below each heading; those before the first one are of no kind. */
function byKind(section: string): Map<string, string[]> {
  const kinds = new Map<string, string[]>([['Changes', []]]);
  let items = kinds.get('Changes') ?? [];
  for (const line of section.split('\n')) {
    const kind = /^### (.+)$/.exec(line)?.[1];
    if (kind !== undefined) {
      items = kinds.get(kind) ?? [];
      kinds.set(kind, items);
    } else if (ITEM.test(line)) items.push(line.replace(ITEM, ''));
    else if (/^\s+\S/.test(line) && items.length > 0) items.push(`${items.pop() ?? ''} ${line.trim()}`);
  }
  return kinds;
}

/** Without what stands behind its first semicolon. */
function firstSentence(item: string): string {
  const plain = item.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  const sentence = /^.*?(?=[.;](?:\s|$))/.exec(plain)?.[0] ?? plain;
  return `${sentence}.`;
}
