import type { Resources, SwarmProfile } from '@multiswarm/contracts';

/** Characters of the name of a class. */
const NAME_CHARS = 64;
/** Capabilities that a name spells out. */
const SPELLED = 3;
/** The class of all that would be one more than are kept apart. */
export const OTHER_CLASS = 'other';

type Described = Pick<SwarmProfile, 'labels' | 'capabilities' | 'resources' | 'costPerHour' | 'slots'>;

/**
 * What swarms have in common that do the same work equally well: their label `class`, or else their GPUs, their capabilities and
 * about what a slot costs, as in `gpu:a100 llm,vision $2`. Prices count to the nearest power of two, so that a price that
 * moves makes no new class each time.
 */
export function swarmClassOf({ labels, capabilities, resources, costPerHour, slots }: Described): string {
  const label = labels['class'];
  if (label !== undefined && label !== '') return shortened(label);
  const parts = [gpusOf(resources.gpu), capabilitiesOf(capabilities), priceOf(costPerHour / slots)];
  return shortened(parts.filter((part) => part !== '').join(' '));
}

/** Keeps so many classes apart; a fleet that has more has the rest in one. */
export class SwarmClasses {
  private readonly known = new Set<string>();

  constructor(private readonly most: number) {}

  of(profile: Described): string {
    const name = swarmClassOf(profile);
    if (this.known.has(name)) return name;
    if (this.known.size + 1 >= this.most) return OTHER_CLASS;
    this.known.add(name);
    return name;
  }
}

function gpusOf(gpu: Resources['gpu'] | Readonly<Record<string, number>>): string {
  if (gpu === undefined || gpu === 0) return 'cpu';
  if (typeof gpu === 'number') return 'gpu';
  const types = Object.keys(gpu).filter((type) => (gpu[type] ?? 0) > 0);
  return types.length === 0 ? 'cpu' : `gpu:${types.sort().join('+')}`;
}

function capabilitiesOf(capabilities: readonly string[]): string {
  const names = [...new Set(capabilities)].sort();
  if (names.length <= SPELLED) return names.join(',');
  return `${names.slice(0, SPELLED).join(',')}+${names.length - SPELLED}~${hash(names.join(','))}`;
}

function priceOf(costPerSlotHour: number): string {
  if (costPerSlotHour <= 0) return 'free';
  const power = 2 ** Math.round(Math.log2(costPerSlotHour));
  return `$${Number(power.toPrecision(3))}`;
}

/** Names that are cut keep what told them apart. */
function shortened(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, '_');
  if (plain === name && name.length <= NAME_CHARS) return name;
  const mark = `~${hash(name)}`;
  return plain.slice(0, NAME_CHARS - mark.length) + mark;
}

/** FNV-1a, 32 bits, in base 36. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0).toString(36);
}
