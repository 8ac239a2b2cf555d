/** Reporter for `node --test`: one JSON line per test, per diagnostic, per piece of stderr and for the coverage. */
export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:pass' || type === 'test:fail') yield line(type, data);
    if (type === 'test:diagnostic') yield `${JSON.stringify({ type: 'diagnostic', text: data.message })}\n`;
    if (type === 'test:stderr')
      yield `${JSON.stringify({ type: 'stderr', file: data.file, text: data.message })}\n`;
    if (type === 'test:coverage') yield `${JSON.stringify({ type: 'coverage', summary: data.summary })}\n`;
  }
}

function line(type, { name, file, line, nesting, details, skip, todo }) {
  const error = details?.error;
  const cause = error?.cause;
  return `${JSON.stringify({
    type: type === 'test:pass' ? 'pass' : 'fail',
    name,
    file,
    line,
    nesting,
    durationMs: details?.duration_ms ?? 0,
    suite: details?.type === 'suite',
    skipped: skip !== undefined || todo !== undefined,
    message: error && String(cause?.message ?? cause ?? error.message),
    stack: error && String(cause?.stack ?? ''),
    failureType: error?.failureType,
  })}\n`;
}
