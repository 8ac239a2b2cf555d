import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Reads `add <stage> <pid>` and `remove <pid>` until its input ends, which the system does when our process dies in whatever
 * way. Then it ends the process groups that are left: highest stage first, politely, and after five seconds by force.
 */
const SCRIPT = `
trap '' INT TERM HUP
list=
while read -r verb a b; do
  case $verb in
    add) list="$list
$a $b";;
    remove) list=$(printf '%s\\n' "$list" | grep -v " $a$");;
  esac
done
[ -n "$list" ] || exit 0
for stage in $(printf '%s\\n' "$list" | grep . | cut -d' ' -f1 | sort -rnu); do
  pids=$(printf '%s\\n' "$list" | grep "^$stage " | cut -d' ' -f2)
  for pid in $pids; do kill -TERM -"$pid" 2>/dev/null; done
  tries=0
  while [ $tries -lt 50 ]; do
    left=
    for pid in $pids; do kill -0 -"$pid" 2>/dev/null && left=yes; done
    [ -z "$left" ] && break
    sleep 0.1
    tries=$((tries + 1))
  done
  for pid in $pids; do kill -KILL -"$pid" 2>/dev/null; done
done
`;

/**
 * Makes sure that child processes do not outlive this one, not even when it is killed with SIGKILL, when no handler of
 * ours runs. Children must lead process groups of their own (`detached: true`), so that all that they started ends with them.
 * The reaper lives only while there is something on its list.
 */
export class Reaper {
  private readonly watched = new Set<number>();
  private shell: ChildProcess | undefined;

  /** @param stage children of a higher stage are ended before those of a lower one */
  watch(pid: number, stage = 0): void {
    this.shell ??= startShell();
    this.watched.add(pid);
    this.tell(`add ${stage} ${pid}`);
  }

  forget(pid: number): void {
    if (!this.watched.delete(pid)) return;
    this.tell(`remove ${pid}`);
    if (this.watched.size > 0) return;
    if (this.shell) dismiss(this.shell);
    this.shell = undefined;
  }

  private tell(line: string): void {
    this.shell?.stdin?.write(`${line}\n`);
  }
}

const leaving = new Set<Promise<void>>();

function dismiss(shell: ChildProcess): void {
  const left = new Promise<void>((resolve) => shell.once('exit', () => resolve()));
  leaving.add(left);
  void left.then(() => leaving.delete(left));
  shell.stdin?.end();
}

/** Resolves when no reaper is left that has nothing to watch any more: "nothing left behind" includes them. */
export async function reapersGone(): Promise<void> {
  await Promise.all(leaving);
}

function startShell(): ChildProcess {
  // A process group of its own: Ctrl-C in a terminal must not end the reaper before it has done its work.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  // A pipe to a child is a socket underneath, and like the child it must not keep this process.
  const stdin = shell.stdin as unknown as Socket;
  stdin.unref();
  stdin.on('error', () => undefined);
  return shell;
}
