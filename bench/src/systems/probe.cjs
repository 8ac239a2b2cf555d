/**
 * Preloaded (`node -r`) into a process that is measured; answers over IPC:
 *   { probe: 'heap' }                  what is left on the heap after collecting garbage, in bytes
 *   { probe: 'profile-start' }         samples where the processor time goes …
 *   { probe: 'profile-stop', file }    … and writes it as a .cpuprofile
 * It changes no flag of the process and does nothing until it is asked.
 */
const { writeFileSync } = require('node:fs');
const { Session } = require('node:inspector/promises');
const v8 = require('node:v8');
const vm = require('node:vm');

const SAMPLE_MICROSECONDS = 500;
let session;

const ANSWERS = {
  heap: () => {
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc');
    // Twice: what the first frees may have kept other things alive.
    collect();
    collect();
    return Promise.resolve(process.memoryUsage());
  },
  'profile-start': async () => {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await session.post('Profiler.start');
    return {};
  },
  'profile-stop': async ({ file }) => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
    return {};
  },
};

/** Answers one question of the table; also used by the bench itself, whose client is a part of what is measured. */
function answer(question) {
  return ANSWERS[question.probe](question);
}

if (process.channel) {
  process.on('message', (question) => {
    if (question?.probe in ANSWERS) void answer(question).then((result) => process.send(result));
  });
  // The process ends as it would without us.
  process.channel.unref();
}

module.exports = { answer };
