import { asMultiswarmError, MultiswarmError, type MessageStatus } from '@multiswarm/contracts';
import type { WhoIsAsked } from './answers';

/**
 * Asks all of them: one whom the question does not reach is a failure, and the others answer.
 * @throws MultiswarmError where it has reached nobody: what is said of the first one
 */
export async function whoIsAsked(
  recipients: readonly string[],
  send: (to: string) => Promise<MessageStatus>,
): Promise<WhoIsAsked> {
  const tries = await Promise.allSettled(recipients.map(send));
  const asked: WhoIsAsked = { count: 0, failures: [] };
  let reached = 0;
  tries.forEach((each, index) => {
    if (each.status === 'rejected')
      return void asked.failures.push({
        from: recipients[index] ?? '',
        error: asMultiswarmError(each.reason),
      });
    const { recipientCount, refused = [] } = each.value;
    reached += 1;
    asked.count += recipientCount;
    for (const problem of refused)
      asked.failures.push({ from: problem.to, error: MultiswarmError.fromProblem(problem) });
  });
  const [first] = asked.failures;
  if (reached === 0 && first !== undefined) throw first.error;
  return asked;
}
