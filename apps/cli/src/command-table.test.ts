import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '@multiswarm/contracts';
import { memoryIo } from '../test/support/memory-io';
import { runCli } from './cli';
import { COMMANDS, NOUNS, type CommandRow } from './command-table';
import { ROOT } from './dev/programs';
import { EXIT } from './faults';
import { buildProgram } from './program';

const rows = COMMANDS.map((row) => [row.path.join(' '), row] as const);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo();
  const code = await runCli(argv, io, '1.2.3');
  return { code, out: io.out(), err: io.err() };
}

/** Options in a command line that the command does not have. */
function unknownOptions(row: CommandRow, line: string): string[] {
  const { root } = buildProgram(memoryIo(), '0');
  const known = new Set(root.options.flatMap(({ long, short }) => [long, short]));
  const leaf = root.createCommand();
  row.load().command.configure(leaf);
  for (const { long, short } of leaf.options) known.add(long).add(short);
  const used = line.replaceAll(/'[^']*'|"[^"]*"/g, '').match(/(?<=\s)--?[a-z][\w-]*/g) ?? [];
  return used.filter((option) => !known.has(option));
}

describe('every command', () => {
  test.each(rows)('%s explains itself, with examples', async (path, row) => {
    const { code, out } = await run(...row.path, '--help');
    expect(code).toBe(0);
    expect(out).toContain('Global Options:');
    const { examples } = row.load().command;
    expect(examples.length).toBeGreaterThan(0);
    for (const { command } of examples) {
      expect(out).toContain(command);
      expect(command).toContain(`swarmctl ${path}`);
    }
  });

  test.each(rows)('%s: its examples use only options that exist', (_path, row) => {
    for (const example of row.load().command.examples)
      expect(unknownOptions(row, example.command)).toEqual([]);
  });

  test('help for a noun lists its commands', async () => {
    for (const noun of Object.keys(NOUNS)) {
      const { code, out } = await run(noun, '--help');
      expect(code).toBe(0);
      for (const [first, verb] of COMMANDS.map(({ path }) => path)) {
        if (first === noun) expect(out).toContain(`  ${verb ?? ''}`);
      }
    }
  });

  test('"help task submit" is "task submit --help"', async () => {
    expect(await run('help', 'task', 'submit')).toEqual(await run('task', 'submit', '--help'));
  });
});

test('docs/cli.md knows every command and every exit code', () => {
  const text = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8');
  for (const { path } of COMMANDS) expect(text).toContain(`swarmctl ${path.join(' ')}`);
  for (const exit of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^\\| ${exit} +\\|`, 'm'));
});

test('the guide of workflows shows commands that there are', () => {
  const text = readFileSync(join(ROOT, 'docs', 'workflows.md'), 'utf8');
  const lines = Array.from(text.matchAll(/^npx swarmctl ([^#\n]*)/gm), ([, line = '']) => line);
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const row = COMMANDS.find(({ path }) => line.startsWith(`${path.join(' ')} `));
    expect([line, row && unknownOptions(row, ` ${line}`)]).toEqual([line, []]);
  }
});

describe('a wrong command line', () => {
  test.each([
    [['tsk'], "unknown command 'tsk'", 'Did you mean task?'],
    [['task', 'sumbit', 'x'], "unknown command 'sumbit'", 'Did you mean submit?'],
    [['task', 'submit', 'x', '--priorty', 'high'], "unknown option '--priorty'", 'Did you mean --priority?'],
    [['task', 'submit'], "missing required argument 'type'", 'swarmctl --help'],
    [['task', 'get', 'a', 'b'], 'too many arguments', 'swarmctl --help'],
    [
      ['task', 'list', '-o', 'xml'],
      'Allowed choices are table, wide, json, jsonl, yaml, name',
      'swarmctl --help',
    ],
    [['status', '--timeout', 'soon'], '"soon" is not a duration', '30s'],
    [['status', '--url', 'localhost:8080'], 'is not an HTTP address', 'http://127.0.0.1:8080'],
    [['swarm', 'run', '--id', 'a', '--region', 'r'], 'either --exec or --hold', ''],
    [['swarm', 'run', '--region', 'r', '--hold'], "required option '--id <id>' not specified", ''],
    [['workflow', 'run'], 'either FILE or --definition NAME', 'workflow run --help'],
    [['workflow', 'run', 'x.yaml', '--version', '2'], '--version and --namespace are about a definition', ''],
    [['workflow', 'run', '--time-scale', 'fast', 'x'], '--time-scale must be a number', ''],
  ])('%j is refused with exit 2 and a hint', async (argv, sentence, hint) => {
    const { code, out, err } = await run(...argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(`error: `);
    expect(err).toContain(sentence);
    expect(err).toContain(hint);
  });

  test('a missing verb shows the help and is an error', async () => {
    const { code, err } = await run('task');
    expect(code).toBe(2);
    expect(err).toContain('swarmctl task [options] [command]');
  });

  test('with -o json the error is a JSON problem', async () => {
    const { err } = await run('task', 'submit', '-o', 'json');
    expect(JSON.parse(err)).toMatchObject({
      code: 'usage',
      exit: 2,
      detail: "missing required argument 'type'",
    });
  });

  test('the version of a definition is none of the program', async () => {
    const argv = [
      'workflow',
      'run',
      '--definition',
      'report',
      '--version',
      '3',
      '--input',
      '{"a":1}',
      '--dry-run',
    ];
    const { code, out } = await run(...argv);
    expect([code, JSON.parse(out)]).toEqual([0, { definition: 'report', version: 3, input: { a: 1 } }]);
  });

  test('--version prints the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });
});

test('the exit codes are those of the catalogue of errors', () => {
  const used = new Set(Object.values(ERRORS).map(({ exit }) => exit));
  const ours = new Set<number>(Object.values(EXIT));
  expect([...used].filter((exit) => !ours.has(exit))).toEqual([]);
  expect(ERRORS['task-not-found'].exit).toBe(EXIT.notFound);
  expect(ERRORS['invalid-workflow'].exit).toBe(EXIT.usage);
  expect(ERRORS['idempotency-conflict'].exit).toBe(EXIT.conflict);
  expect(ERRORS.timeout.exit).toBe(EXIT.timedOut);
  expect(ERRORS['bus-unavailable'].exit).toBe(EXIT.unavailable);
  expect(ERRORS['task-failed'].exit).toBe(EXIT.workFailed);
});
