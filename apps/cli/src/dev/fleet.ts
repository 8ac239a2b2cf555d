import { parse, SwarmProfile, type Finding } from '@multiswarm/contracts';
import { WFCOMMONS_TYPE } from '@multiswarm/workflow';
import { documentFault } from '../faults';
import { parseDocument, withLines } from '../documents/parse';
import { readText } from '../documents/read-text';
import type { Io } from '../io';
import { resourceWords } from '../options/resources';

/** One swarm of a fleet file: what it offers, and the command of its agents. */
export interface FleetSwarm extends SwarmProfile {
  /** Undefined: holds its slot for `input.holdMs`. */
  exec: string | undefined;
}

const REPLAY_SLOTS = 32;

/**
 * Reads a fleet file: a list of `{ id, region, slots, types, exec, … }`, or the same under `swarms`. Every fault at once.
 */
export async function loadFleet(file: string, io: Io): Promise<FleetSwarm[]> {
  const document = parseDocument(file, await readText(file, io));
  const { list, base } = listOf(document.value);
  const swarms: FleetSwarm[] = [];
  const findings: Finding[] = list
    ? []
    : [{ pointer: '', code: 'invalid-type', message: 'expected a list of swarms, or one under "swarms"' }];
  list?.forEach((given: unknown, index) => {
    const read = readSwarm(given, [...base, index]);
    if (Array.isArray(read)) findings.push(...read);
    else if (swarms.some(({ swarmId }) => swarmId === read.swarmId)) {
      findings.push({
        pointer: `/${[...base, index, 'id'].join('/')}`,
        code: 'duplicate-id',
        message: `"${read.swarmId}" is the id of another swarm`,
      });
    } else swarms.push(read);
  });
  if (findings.length > 0)
    throw documentFault(
      `${file} is no fleet: ${findings.length} findings`,
      withLines(document, findings),
      'invalid-fleet',
    );
  return swarms;
}

function listOf(value: unknown): { list: unknown[] | undefined; base: (string | number)[] } {
  if (Array.isArray(value)) return { list: value, base: [] };
  const inner = typeof value === 'object' && value !== null && 'swarms' in value ? value.swarms : undefined;
  return { list: Array.isArray(inner) ? inner : undefined, base: ['swarms'] };
}

const DEFAULTS = { slots: 1, costPerHour: 0, capabilities: [], labels: {}, attributes: {}, resources: {} };
const FleetEntry = SwarmProfile.strict();

function readSwarm(given: unknown, path: (string | number)[]): FleetSwarm | Finding[] {
  const { id, exec, ...rest }: Record<string, unknown> =
    typeof given === 'object' && given !== null ? { ...given } : {};
  const parsed = parse(FleetEntry, { ...DEFAULTS, ...rest, swarmId: id }, path);
  const findings = parsed.ok ? [] : parsed.findings.map(renameId);
  if (exec !== undefined && (typeof exec !== 'string' || exec.trim() === '')) {
    findings.push({
      pointer: `/${[...path, 'exec'].join('/')}`,
      code: 'invalid-type',
      message: 'expected a command',
    });
  }
  if (!parsed.ok || findings.length > 0) return findings;
  return { ...parsed.value, exec: typeof exec === 'string' ? exec : undefined };
}

/** In the file the field is called `id`. */
function renameId(finding: Finding): Finding {
  return { ...finding, pointer: finding.pointer.replace(/\/swarmId$/, '/id') };
}

/** One swarm for each region of the fleet that replays recorded workflows, and runs nothing else. */
export function replaySwarms(fleet: readonly FleetSwarm[]): FleetSwarm[] {
  const regions = [...new Set(fleet.map(({ region }) => region))];
  return (regions.length > 0 ? regions : ['local']).map((region) => ({
    ...DEFAULTS,
    swarmId: `${region}-replay`,
    region,
    slots: REPLAY_SLOTS,
    types: [WFCOMMONS_TYPE],
    exec: undefined,
  }));
}

/** The arguments of `swarmctl` that run this swarm. */
export function swarmArguments(swarm: FleetSwarm, servers: string, drain: string): string[] {
  const attributes = Object.entries(swarm.attributes).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ['--attribute', `${key}=${String(one)}`]),
  );
  return [
    ['swarm', 'run', '--servers', servers, '--id', swarm.swarmId, '--region', swarm.region],
    ['--slots', String(swarm.slots), '--cost-per-hour', String(swarm.costPerHour), '--drain', drain],
    swarm.weight === undefined ? [] : ['--weight', String(swarm.weight)],
    ...swarm.types.map((type) => ['--type', type]),
    ...swarm.capabilities.map((capability) => ['--capability', capability]),
    ...attributes,
    ...Object.entries(swarm.labels).map(([key, value]) => ['--label', `${key}=${value}`]),
    ...resourceWords(swarm.resources).map(([word, amount]) => ['--resource', `${word}=${amount}`]),
    swarm.exec === undefined ? ['--hold'] : ['--exec', swarm.exec],
  ].flat();
}
