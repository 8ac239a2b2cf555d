import { ANY_GPU, isName, LIMITS, type Resources } from '@multiswarm/contracts';
import { usageFault } from '../faults';
import { integerOption, numberOption, splitPair } from './repeatable';

const OF_GPU_TYPE = 'gpu.';
const OF_COUNTER = 'custom.';
/** A counter of such a name is almost always cores, memory or GPUs that were misspelt, and no swarm would have it. */
const LIKELY_SLIP = /^(cpus?|cores?|mem.*|ram|gpus?)$/i;
const HINT =
  'one of cpu, memoryMb, gpu, gpu.<type> such as gpu.a100, or a counter of your own: licences, or custom.<name> for any name';

/** For an option that may be given several times: `cpu=2`, `memoryMb=512`, `gpu=1`, `gpu.a100=2`, `licences=1`. */
export function collectResource(text: string, before: Resources = {}): Resources {
  const [word, amount] = splitPair('--resource', text);
  const option = `--resource ${word}`;
  if (word === 'cpu' || word === 'memoryMb') {
    if (before[word] !== undefined) throw twice(option);
    return { ...before, [word]: numberOption(option)(amount) };
  }
  if (word === 'gpu' || word.startsWith(OF_GPU_TYPE)) {
    const type = word === 'gpu' ? undefined : nameIn(word, OF_GPU_TYPE);
    return withGpus(before, type, integerOption(option, 0, LIMITS.RESOURCE_AMOUNT)(amount), option);
  }
  const counter = counterIn(word);
  const custom = entriesOf(before.custom);
  if (custom.has(counter)) throw twice(option);
  custom.set(counter, numberOption(option)(amount));
  return { ...before, custom: Object.fromEntries(custom) };
}

/** A number alone is of any type; beside named types it is one of them. */
function withGpus(before: Resources, type: string | undefined, count: number, option: string): Resources {
  if (before.gpu === undefined && type === undefined) return { ...before, gpu: count };
  const gpus = entriesOf(typeof before.gpu === 'number' ? { [ANY_GPU]: before.gpu } : before.gpu);
  const key = type ?? ANY_GPU;
  if (gpus.has(key)) throw twice(option);
  return { ...before, gpu: Object.fromEntries(gpus.set(key, count)) };
}

/** A map, because a name may be one that objects inherit. */
function entriesOf(record: Readonly<Record<string, number>> = {}): Map<string, number> {
  return new Map(Object.entries(record));
}

function counterIn(word: string): string {
  if (word.startsWith(OF_COUNTER)) return nameIn(word, OF_COUNTER);
  if (!isName(word) || LIKELY_SLIP.test(word)) throw unknown(word);
  return word;
}

function nameIn(word: string, prefix: string): string {
  const name = word.slice(prefix.length);
  if (!isName(name)) throw unknown(word);
  return name;
}

function unknown(word: string): Error {
  return usageFault(`--resource ${word}: no such resource`, HINT);
}

function twice(option: string): Error {
  return usageFault(`${option} is given twice`, 'give the sum of both');
}

/** The same spelling the other way round: each word with its amount. */
export function resourceWords({
  cpu,
  memoryMb,
  gpu,
  custom = {},
}: Resources): [word: string, amount: number][] {
  const gpus = typeof gpu === 'object' ? Object.entries(gpu) : [];
  const words: [string, number | undefined][] = [
    ['cpu', cpu],
    ['memoryMb', memoryMb],
    ['gpu', typeof gpu === 'object' ? undefined : gpu],
    ...gpus.map(([type, count]): [string, number] => [OF_GPU_TYPE + type, count]),
    ...Object.entries(custom).map(([name, amount]): [string, number] => [OF_COUNTER + name, amount]),
  ];
  return words.filter((one): one is [string, number] => one[1] !== undefined);
}
