/**
 * Between two agents on a command line: wraps the output on stdin as the input of the next step.
 * `node agents/as-upstream.mjs <step> [own input as JSON]`
 */
const [step, own = '{}'] = process.argv.slice(2);
if (!step) {
  process.stderr.write(
    'usage: node agents/as-upstream.mjs <step that the output is from> [own input as JSON]\n',
  );
  process.exit(2);
}
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const output = JSON.parse(Buffer.concat(chunks).toString('utf8'));
process.stdout.write(`${JSON.stringify({ ...JSON.parse(own), upstream: { [step]: output } })}\n`);
