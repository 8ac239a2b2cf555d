import { readFileSync } from 'node:fs';

/** What the kernel counts in; `getconf CLK_TCK` is 100 on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

export interface RunningProcess {
  name: string;
  pid: number;
}

export interface CpuTime {
  /** All threads: of a Node.js process also those that collect garbage and compile. */
  processMs: number;
  /** The one that runs the program, which is what a process of one event loop runs out of first. */
  mainThreadMs: number;
}

export interface CpuOf<T> {
  value: T;
  wallMs: number;
  used: Record<string, CpuTime>;
  /** Cores that were busy with something else meanwhile: what a figure is worth on a machine that is shared. */
  foreignCores: number;
}

/** Runs `work` and tells how much processor time each of the processes spent meanwhile. Linux only. */
export async function withCpu<T>(
  processes: readonly RunningProcess[],
  work: () => Promise<T>,
): Promise<CpuOf<T>> {
  const before = read(processes);
  const value = await work();
  const after = read(processes);
  const used: Record<string, CpuTime> = {};
  for (const { name } of processes) {
    const [from, to] = [before.used[name], after.used[name]];
    if (!from || !to) continue;
    used[name] = {
      processMs: to.processMs - from.processMs,
      mainThreadMs: to.mainThreadMs - from.mainThreadMs,
    };
  }
  const wallMs = after.atMs - before.atMs;
  const foreignCores = Math.max(0, (after.busyMs - before.busyMs - totalMs(used)) / wallMs);
  return { value, wallMs, used, foreignCores };
}

/** Of all processes together. */
export function totalMs(used: Readonly<Record<string, CpuTime>>): number {
  return Object.values(used).reduce((sum, { processMs }) => sum + processMs, 0);
}

function read(processes: readonly RunningProcess[]) {
  const used = Object.fromEntries(processes.map(({ name, pid }) => [name, cpuTime(pid)]));
  return { used, busyMs: busyMs(readFileSync('/proc/stat', 'utf8')), atMs: performance.now() };
}

function cpuTime(pid: number): CpuTime {
  return {
    processMs: ticksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) * MS_PER_TICK,
    mainThreadMs: ticksOf(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8')) * MS_PER_TICK,
  };
}

/** User and system time: fields 14 and 15 of proc(5). The name before them may contain spaces and brackets. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** What all cores together were not idle: user, nice, system, irq, softirq and steal of the first line. */
export function busyMs(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n', 1)[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * MS_PER_TICK;
}
