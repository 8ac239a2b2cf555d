const { TestEnvironment } = require('jest-environment-node');
const { openHandles, describeHandle, closeHandle } = require('./open-handles.cjs');

// Closing is asynchronous: a socket that was ended a moment ago is not a leak yet.
const DEFAULT_GRACE_MS = 2_000;
const POLL_MS = 10;

/**
 * The node environment, plus two things: a time limit per project (jest itself knows one for all), and one rule:
 * a test file that leaves a server, socket, worker or child process open fails.
 */
module.exports = class LeakCheckingEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const { testTimeoutMs, leakGraceMs = DEFAULT_GRACE_MS } = config.projectConfig.testEnvironmentOptions;
    this.testTimeoutMs = testTimeoutMs;
    this.leakGraceMs = leakGraceMs;
  }

  async setup() {
    await super.setup();
    this.before = new Set(openHandles());
  }

  async handleTestEvent(event, state) {
    if (event.name === 'setup') state.testTimeout = this.testTimeoutMs;
    if (event.name !== 'run_finish') return;
    const left = await this.waitUntilClosed();
    if (left.length === 0) return;
    const list = left.map(describeHandle).join('; ');
    const error = new Error(
      `open after the last test of the file: ${list}. Close it in afterEach or afterAll.`,
    );
    error.stack = error.message;
    state.unhandledErrors.push(error);
    // Reported; now out of the way, so that it cannot hold up the run or disturb the files after this one.
    left.forEach(closeHandle);
  }

  async waitUntilClosed() {
    const deadline = Date.now() + this.leakGraceMs;
    for (;;) {
      const left = openHandles().filter((handle) => !this.before.has(handle));
      if (left.length === 0 || Date.now() > deadline) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
};
