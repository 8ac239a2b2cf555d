import { eventually } from './eventually';

test('eventually returns the first truthy value of the check', async () => {
  let asked = 0;
  await expect(eventually(() => (++asked === 3 ? 'third' : undefined))).resolves.toBe('third');
  expect(asked).toBe(3);
});

test('an error of the check means not yet', async () => {
  let asked = 0;
  const check = () => {
    if (++asked < 3) throw new Error('too early');
    return asked;
  };
  await expect(eventually(check)).resolves.toBe(3);
});

test('the failure names what was waited for and the last answer', async () => {
  await expect(eventually(() => false, { timeoutMs: 20, describe: 'the door opening' })).rejects.toThrow(
    'the door opening did not happen within 20 ms; last time the check returned false',
  );
  const failing = () => Promise.reject(new Error('connection refused'));
  await expect(eventually(failing, { timeoutMs: 20 })).rejects.toThrow(
    'last time the check threw: connection refused',
  );
});

test('a description by function shows the state at the time of the failure', async () => {
  let seen = 0;
  const failing = eventually(() => ++seen < 0, { timeoutMs: 20, describe: () => `seen=${seen}` });
  await expect(failing).rejects.toThrow(/^seen=[1-9]/);
});

test('a check that never answers does not outlive the timeout', async () => {
  const silent = () => new Promise<boolean>(() => undefined);
  await expect(eventually(silent, { timeoutMs: 20, describe: 'an answer' })).rejects.toThrow(
    /an answer did not happen within 20 ms; last time the check gave no answer/,
  );
});
