import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { median, rounded } from './statistics';

/** The values of one figure, one for each run. */
export interface Series {
  name: string;
  runs: readonly number[];
}

export interface Figure {
  bench: string;
  metric: string;
  unit: string;
  own: Series;
  /** Measured on the same machine, in turns with ours. */
  peer?: Series;
  /** More of the same runs, that belongs to the value. */
  details?: Record<string, unknown>;
  settings: Record<string, unknown>;
  /** As the running servers give them. */
  serverVersions: Record<string, string>;
}

/** One JSON line: medians, every run, and what is needed to repeat it. The ratio is ours over theirs. */
export function toLine({
  bench,
  metric,
  unit,
  own,
  peer,
  details,
  settings,
  serverVersions,
}: Figure): string {
  const value = median(own.runs);
  return JSON.stringify({
    bench,
    metric,
    system: own.name,
    value: rounded(value),
    unit,
    runs: own.runs.map(rounded),
    ...(peer === undefined
      ? {}
      : {
          peer: { system: peer.name, value: rounded(median(peer.runs)), runs: peer.runs.map(rounded) },
          ratio: rounded(value / median(peer.runs)),
        }),
    ...(details === undefined ? {} : { details }),
    settings,
    machine: machine(),
    versions: { ...packageVersions(), ...serverVersions },
    at: new Date().toISOString(),
  });
}

function machine(): Record<string, unknown> {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${platform()} ${release()} ${arch()}`,
  };
}

function packageVersions(): Record<string, string> {
  return {
    multiswarm: versionOf(join(__dirname, '..', '..', 'package.json')),
    bullmq: versionOf(manifestOf('bullmq')),
    ioredis: versionOf(manifestOf('ioredis')),
    node: process.version,
  };
}

function versionOf(manifest: string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** The manifest of an installed package; `require.resolve('x/package.json')` fails where the package does not export it. */
function manifestOf(name: string): string {
  for (let dir = dirname(require.resolve(name)); dir !== dirname(dir); dir = dirname(dir)) {
    const manifest = join(dir, 'package.json');
    try {
      if ((JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === name) return manifest;
    } catch {
      // no manifest in this folder: look one level higher
    }
  }
  throw new Error(`${name} is not installed`);
}
