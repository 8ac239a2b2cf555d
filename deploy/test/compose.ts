import { defaultOf, readYaml } from './files';

export interface ComposeService {
  image: string;
  build?: { context: string; target: string };
  environment?: Record<string, string>;
  command?: string | string[];
  profiles?: string[];
  ports?: string[];
  networks?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  stop_grace_period: string;
  mem_limit: string;
  [key: string]: unknown;
}

interface Compose {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean }>;
}

/** docker-compose.yml with its anchors resolved. The linter has checked its form; the tests check what it says. */
export const compose = readYaml('docker-compose.yml') as Compose;

/** The value that follows an option of a command that is one line. */
export function optionOf({ command }: ComposeService, option: string): string {
  const words = typeof command === 'string' ? command.split(' ') : (command ?? []);
  return words[words.indexOf(option) + 1] ?? '';
}

export const isOurs = ({ image }: ComposeService): boolean => image.startsWith('multiswarm/');

/** `40s` or `1m` in ms. */
export function durationMs(text: string): number {
  const match = /^(\d+)(s|m)$/.exec(text);
  if (!match) throw new Error(`not a duration: ${text}`);
  return Number(match[1]) * (match[2] === 'm' ? 60_000 : 1_000);
}

/** `512m` or `2gb` in bytes; variables at their default. */
export function bytes(text: string): number {
  const match = /^(\d+)(m|g)b?$/.exec(defaultOf(text));
  if (!match) throw new Error(`not a size: ${text}`);
  return Number(match[1]) * (match[2] === 'g' ? 1024 ** 3 : 1024 ** 2);
}
