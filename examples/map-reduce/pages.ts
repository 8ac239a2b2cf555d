import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix, sep } from 'node:path';
import type { DeadLink, Page } from './link-check';

const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const LINK = /\[(?:[^\]\\]|\\.)*\]\(<?([^()\s>]+(?:\([^()\s]*\)[^()\s>]*)?)>?(?:\s+"[^"]*")?\)/g;
const FENCE = /^\s*(?:```|~~~)/;
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:|^\/\//i;

/** The Markdown files of a directory, with its subdirectories: relative to it, in order. */
export async function listPages(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.md'));
  const root = join(directory, sep);
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length)).sort();
}

export async function readPage(directory: string, file: string): Promise<Page> {
  return parsePage(file, await readFile(join(directory, file), 'utf8'));
}

/** Headings and links of Markdown. What stands in code is neither. */
export function parsePage(file: string, text: string): Page {
  const page: Page = { file, anchors: [], links: [] };
  const times = new Map<string, number>();
  let isCode = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (FENCE.test(line)) isCode = !isCode;
    else if (!isCode) {
      const heading = HEADING.exec(line)?.[1];
      if (heading !== undefined) page.anchors.push(anchorOf(heading, times));
      for (const [, target = ''] of line.replaceAll(/`[^`]*`/g, '').matchAll(LINK))
        page.links.push({ line: index + 1, target });
    }
  }
  return page;
}

/** As GitHub does it; a heading that comes again has a number. */
function anchorOf(heading: string, times: Map<string, number>): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
  const before = times.get(anchor) ?? 0;
  times.set(anchor, before + 1);
  return before === 0 ? anchor : `${anchor}-${before}`;
}

/** Links within the directory and to files beside it; the web is not asked. */
export async function deadLinks(directory: string, pages: readonly Page[]): Promise<DeadLink[]> {
  const anchors = new Map(pages.map((page) => [page.file, new Set(page.anchors)]));
  const dead: DeadLink[] = [];
  for (const { file, links } of pages)
    for (const { line, target } of links) {
      const why = await faultOf(directory, file, target, anchors);
      if (why !== undefined) dead.push({ file, line, target, why });
    }
  return dead;
}

async function faultOf(
  directory: string,
  from: string,
  target: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string | undefined> {
  if (ELSEWHERE.test(target)) return undefined;
  const [path = '', anchor] = decodeURI(target).split('#', 2);
  const file = path === '' ? from : posix.join(dirname(from), path);
  const known = anchors.get(file);
  if (known === undefined)
    return (await isThere(join(directory, file))) ? undefined : 'there is no such file';
  return anchor === undefined || known.has(anchor) ? undefined : 'there is no such heading';
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
