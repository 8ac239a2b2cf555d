import type { Operation } from './check';
import type { RegisterCall, TextCall } from './models';

/** What a register of Jepsen's etcd test holds before the first write. */
export const NIL = -1;

const REGISTER_LINE = /\s(\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.*)$/;
const TEXT_LINE =
  /^\{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key "([^"]*)", :value (nil|"(.*)")\}$/;

/**
 * The log of a Jepsen test of one register (`INFO jepsen.util - 3 :invoke :cas [1 0]`). The times are the numbers of the lines.
 * A write that failed never happened; a call without an answer, or with `:info`, may have happened at any time.
 */
export function parseRegisterLog(log: string): Operation<RegisterCall<number>>[] {
  const all: Operation<RegisterCall<number>>[] = [];
  const open = new Map<string, Operation<RegisterCall<number>>>();
  log.split('\n').forEach((line, time) => {
    const match = REGISTER_LINE.exec(line);
    if (!match) return;
    const [, process = '', type, kind = '', rest = ''] = match;
    if (type === 'invoke') {
      const operation = { call: registerCall(kind, rest), begin: time, end: undefined };
      all.push(operation);
      open.set(process, operation);
      return;
    }
    const operation = open.get(process);
    open.delete(process);
    if (!operation || type === 'info') return;
    const { call } = operation;
    if (rest.includes(':timed-out')) return;
    if (call.kind === 'read') call.value = type === 'ok' ? numberIn(rest) : undefined;
    if (call.kind === 'cas') call.done = type === 'ok';
    if (call.kind === 'write' && type === 'fail') all.splice(all.indexOf(operation), 1);
    operation.end = time;
  });
  return all;
}

function registerCall(kind: string, rest: string): RegisterCall<number> {
  if (kind === 'read') return { kind, value: undefined };
  if (kind === 'write') return { kind, value: numberIn(rest) };
  const [from = NIL, to = NIL] = [...rest.matchAll(/\d+/g)].map(([text]) => Number(text));
  return { kind: 'cas', from, to, done: undefined };
}

function numberIn(text: string): number {
  return text.trim() === 'nil' ? NIL : Number(text);
}

/** A log of a store of texts, one map of EDN in each line. The times are the numbers of the lines. */
export function parseTextLog(log: string): Operation<TextCall>[] {
  const all: Operation<TextCall>[] = [];
  const open = new Map<string, Operation<TextCall>>();
  log.split('\n').forEach((line, time) => {
    const match = TEXT_LINE.exec(line);
    if (!match) return;
    const [, process = '', type, kind = 'get', key = '', , value] = match;
    if (type === 'invoke') {
      const operation = { call: textCall(kind, key, value), begin: time, end: undefined };
      all.push(operation);
      open.set(process, operation);
      return;
    }
    const operation = open.get(process);
    open.delete(process);
    if (!operation || type !== 'ok') return;
    if (operation.call.kind === 'get') operation.call.value = value ?? '';
    operation.end = time;
  });
  return all;
}

function textCall(kind: string, key: string, value: string | undefined): TextCall {
  if (kind === 'put' || kind === 'append') return { kind, key, value: value ?? '' };
  return { kind: 'get', key, value: undefined };
}
