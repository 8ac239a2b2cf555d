const NAME_COLUMNS = 14;
const TEXT_COLUMNS = 64;

/** A step that cannot go on. The message is one line that says what to do; `output` is what the failed command said last. */
export class SetupError extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

/** Aligned lines: step, what was done, how long it took. A step announces slow work through `note`. */
export function reportTo(stream) {
  const line = (name, text, end = '') =>
    stream.write(`  ${name.padEnd(NAME_COLUMNS)}${text.padEnd(TEXT_COLUMNS)}${end}`.trimEnd() + '\n');
  return {
    async step(name, run) {
      const from = performance.now();
      const done = await run((text) => line(name, text));
      line(name, done, formatDuration(performance.now() - from));
    },
    failure(error) {
      if (error.output) stream.write(`${error.output.trimEnd()}\n`);
      stream.write(`setup failed: ${error.message}\n`);
    },
  };
}

/** `14 ms`, `3.2 s`, `2 min 5 s`; right-aligned, so that the column reads as one. */
export function formatDuration(ms) {
  const text =
    ms < 1000
      ? `${Math.round(ms)} ms`
      : ms < 60_000
        ? `${(ms / 1000).toFixed(1)} s`
        : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return text.padStart(8);
}
