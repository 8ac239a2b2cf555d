import { TaskSubmission } from '@multiswarm/contracts';
import { validateWorkflow } from '@multiswarm/workflow';
import { z } from 'zod';
import { defineTask } from '../define-task';
import { toSubmission, toWorkflow } from './submission';

const summarize = defineTask({
  type: 'summarize',
  input: z.object({ text: z.string(), words: z.number().int() }),
  requires: { capabilities: 'llm', region: 'eu-*' },
  retry: { maxAttempts: 5 },
  priority: 'high',
});

describe('what is sent', () => {
  test('carries the defaults of the definition, the options that replace them, and always a key', () => {
    const sent = toSubmission(
      summarize,
      { text: 'x', words: 3 },
      { priority: 'low', metadata: { owner: 'me' } },
      'key-1',
    );
    expect(TaskSubmission.parse(sent)).toMatchObject({
      type: 'summarize',
      input: { text: 'x', words: 3 },
      requirements: { capabilities: ['llm'], region: ['eu-*'] },
      retry: { maxAttempts: 5, factor: 2 },
      priority: 'low',
      metadata: { owner: 'me' },
      idempotencyKey: 'key-1',
    });
  });

  test('has the wishes of the options, else of the definition, also in steps', () => {
    const near = defineTask({ type: 'near', routing: { near: 'eu', apart: {} } });
    expect(TaskSubmission.parse(toSubmission(near, {}, {}, 'k')).routing).toEqual({
      ...{ near: 'eu', apart: { from: 'swarm', must: false } },
    });
    expect(toSubmission(near, {}, { routing: { affinity: 'a' } }, 'k')).toMatchObject({
      routing: { affinity: 'a' },
    });
    expect(toWorkflow({ tasks: [{ id: 'a', task: near }] })).toMatchObject({
      tasks: [{ routing: { near: 'eu' } }],
    });
  });

  test('is refused here, with every fault and its place, when it does not fit the definition', () => {
    expect(() => toSubmission(summarize, { text: 1, words: 1.5 }, {}, 'k')).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        findings: [
          expect.objectContaining({ pointer: '/input/text' }),
          expect.objectContaining({ pointer: '/input/words' }),
        ],
      }),
    );
  });

  test('a workflow of definitions becomes one that the contract accepts', () => {
    const sent = toWorkflow({
      tasks: [
        { id: 'a', task: summarize, input: { text: 'x', words: 1 } },
        { id: 'b', task: 'publish', requires: { region: 'us-east' } },
      ],
      dependencies: { b: ['a'] },
    });
    const checked = validateWorkflow(sent);
    expect(checked).toMatchObject({
      ok: true,
      workflow: {
        tasks: [
          { id: 'a', type: 'summarize', priority: 'high' },
          { id: 'b', type: 'publish' },
        ],
      },
    });
  });

  test('a workflow in the spelling with underscores is sent as it is', () => {
    const document = { tasks: [{ task_id: 'a', task_type: 'x', estimated_duration: 2 }] };
    expect(toWorkflow(document)).toEqual(document);
  });

  test('a fault in a step is left for the server to name', () => {
    expect(toWorkflow({ tasks: [{ id: 'a', task: 'x', colour: 'red' }] })).toEqual({
      tasks: [{ id: 'a', type: 'x', colour: 'red' }],
    });
  });
});
