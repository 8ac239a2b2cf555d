import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

// Reads "add <pid> <dir>" and "remove <pid>" until its input ends, which the system does when our process dies in whatever way.
// What is still on the list then is killed and its directory deleted.
const SCRIPT = `
trap '' INT TERM HUP
list=
while read -r verb pid dir; do
  case $verb in
    add) list="$list
$pid $dir";;
    remove) list=$(printf '%s' "$list" | grep -v "^$pid ");;
  esac
done
printf '%s\\n' "$list" | while read -r pid dir; do
  [ -n "$pid" ] || continue
  kill -9 "$pid" 2>/dev/null
  rm -rf "$dir"
done
`;

/**
 * Ends servers whose test process died without stopping them: a crash, a SIGKILL, a forced exit of a jest worker.
 * An exit handler would not do, because those ways of dying run no handler. The reaper lives only while there is
 * something on its list.
 */
export class Reaper {
  private readonly watched = new Set<number>();
  private shell: ChildProcess | undefined;

  watch(pid: number, dir: string): void {
    this.shell ??= startShell();
    this.watched.add(pid);
    this.tell(`add ${pid} ${dir}`);
  }

  forget(pid: number): void {
    if (!this.watched.delete(pid)) return;
    this.tell(`remove ${pid}`);
    if (this.watched.size > 0) return;
    this.shell?.stdin?.end();
    this.shell = undefined;
  }

  private tell(line: string): void {
    this.shell?.stdin?.write(`${line}\n`);
  }
}

function startShell(): ChildProcess {
  // Its own process group: Ctrl-C in a terminal must not end the reaper before it has done its work.
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  // Node makes the pipe of a child a socket, though it is typed as a stream; it must not keep the test process alive either.
  const pipe = shell.stdin as Socket;
  pipe.unref();
  // Should the reaper be killed, the tests still have to end in their own way.
  pipe.on('error', () => undefined);
  return shell;
}
