import { MultiswarmError } from '@multiswarm/contracts';
import { delay, systemClock } from '@multiswarm/core';
import { createLogger, startTelemetry, type Logger, type Telemetry } from '@multiswarm/telemetry';
import type { Express } from 'express';
import { addRoutes, openApp } from './http/app';
import type { HealthCheck } from './http/health';
import { listen, type Listening } from './http/listen';
import type { Route } from './http/route';
import { usage, configurationFaults } from './command-line';
import { loadSettings, PORT_SETTING, type ServiceName, type Settings } from './settings';

export interface ServiceParts {
  settings: Settings;
  logger: Logger;
  telemetry: Telemetry;
  /** Runs after `stop()`, last registered first; also when `start` fails half-way. */
  onShutdown(clean: () => Promise<void> | void): void;
}

export interface StartedService {
  routes: readonly Route[];
  checks: Record<string, HealthCheck>;
  /** Finishes what is in flight. HTTP has stopped by then; NATS and Redis are still there. */
  stop(): Promise<void>;
  /** Anything more for the HTTP app, such as static files. */
  extend?: (app: Express) => void;
}

export interface ServiceDefinition {
  name: ServiceName;
  version: string;
  start(parts: ServiceParts): Promise<StartedService>;
  env: Record<string, string | undefined>;
  /** Arguments after the script's name: `--config FILE`, `--help`, `--version`. */
  argv?: readonly string[];
}

type Phase = 'starting' | 'ready' | 'stopping';

/** Of the grace period, HTTP may use this share; the rest is for `stop()` and for flushing telemetry. */
const HTTP_SHARE_OF_GRACE = 0.7;
const EXIT_FAILED = 1;
const EXIT_CONFIGURATION = 2;

/**
 * The frame of every service: settings, telemetry, logger, HTTP, readiness and an orderly end.
 *
 * S1. It is ready only between the end of `start` and the first signal.
 * S2. SIGTERM or SIGINT: not ready → no new connections → requests in flight end → `stop()` → `onShutdown` → telemetry
 *     is flushed → exit 0. A second signal, or the end of the grace period, ends it at once with exit 1.
 * S3. A fault that nobody caught is logged and ends the process with exit 1: its state can no longer be trusted.
 */
export async function runService(definition: ServiceDefinition): Promise<void> {
  const { name, version, env, argv = [] } = definition;
  const shown = usage(name, version, argv);
  if (shown !== undefined) {
    process.stdout.write(shown);
    return;
  }
  const loaded = load(name, env, argv);
  if (loaded === undefined) return;
  const { values: settings, warnings } = loaded;
  const logger = createLogger({
    service: name,
    level: settings.LOG_LEVEL,
    json: settings.LOG_FORMAT === 'json',
  });
  for (const warning of warnings) logger.warn(warning);
  const telemetry = startTelemetry({ service: name, version, environment: settings.ENV, env });
  const running = new RunningService(definition, settings, logger, telemetry);
  running.watchProcess();
  await running.start();
}

function load(name: ServiceName, env: ServiceDefinition['env'], argv: readonly string[]) {
  try {
    return loadSettings(name, { env, argv });
  } catch (error) {
    if (!(error instanceof MultiswarmError)) throw error;
    process.stderr.write(configurationFaults(name, error));
    process.exitCode = EXIT_CONFIGURATION;
    return undefined;
  }
}

class RunningService {
  private phase: Phase = 'starting';
  private listening: Listening | undefined;
  private started: StartedService | undefined;
  private readonly cleanUps: (() => Promise<void> | void)[] = [];

  constructor(
    private readonly definition: ServiceDefinition,
    private readonly settings: Settings,
    private readonly logger: Logger,
    private readonly telemetry: Telemetry,
  ) {}

  async start(): Promise<void> {
    try {
      await this.tryStart();
    } catch (error) {
      await this.failedToStart(error);
    }
  }

  /** The port is taken before `start`: two processes must not both begin to work and then find out. */
  private async tryStart(): Promise<void> {
    const { name, version } = this.definition;
    const { settings, logger, telemetry } = this;
    const options = {
      service: name,
      version,
      title: `Multiswarm ${name}`,
      checks: () => this.started?.checks ?? {},
      telemetry,
      logger,
      notReady: () => (this.phase === 'ready' ? undefined : `the service is ${this.phase}`),
    };
    const app = openApp(options);
    const portSetting = PORT_SETTING[name];
    this.listening = await listen(app, {
      host: settings.HOST,
      port: settings[portSetting],
      portSetting,
      logger,
    });
    logger.debug('starting', { address: this.listening.url });
    const started = await this.definition.start({
      settings,
      logger,
      telemetry,
      onShutdown: (clean) => void this.cleanUps.push(clean),
    });
    this.started = started;
    addRoutes(app, {
      ...options,
      routes: started.routes,
      ...(started.extend ? { extend: started.extend } : {}),
    });
    // A signal may have come while `start` was at work.
    if (this.phase !== 'starting') return;
    this.phase = 'ready';
    const { port, url } = this.listening;
    logger.info('listening', { address: url, host: settings.HOST, port, version, pid: process.pid });
  }

  private async failedToStart(error: unknown): Promise<void> {
    const clear = error instanceof MultiswarmError && error.code !== 'internal';
    if (clear) this.logger.error(`cannot start: ${error.message}`, { code: error.code });
    else this.logger.error('cannot start', { error });
    await this.release(0);
    const wrongConfiguration = error instanceof MultiswarmError && error.code === 'invalid-configuration';
    await exit(wrongConfiguration ? EXIT_CONFIGURATION : EXIT_FAILED);
  }

  watchProcess(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => void this.onSignal(signal));
    }
    const fatal = (kind: string) => (error: unknown) => {
      this.logger.error(kind, { error: error instanceof Error ? error : new Error(String(error)) });
      void exit(EXIT_FAILED);
    };
    process.on('uncaughtException', fatal('uncaught exception'));
    process.on('unhandledRejection', fatal('unhandled rejection'));
  }

  private async onSignal(signal: string): Promise<void> {
    if (this.phase === 'stopping') {
      this.logger.warn(`${signal} again: ending at once`);
      await exit(EXIT_FAILED);
      return;
    }
    this.phase = 'stopping';
    // Timers do not keep the process alive: should nothing else, it must not look like a success.
    process.exitCode = EXIT_FAILED;
    const graceMs = this.settings.SHUTDOWN_GRACE_MS;
    this.logger.info(`${signal}: shutting down`, { graceMs });
    const cancel = systemClock.after(graceMs, () => {
      this.logger.error('the grace period is over: ending at once', { graceMs });
      void exit(EXIT_FAILED);
    });
    try {
      await this.release(graceMs);
      this.logger.info('stopped');
      cancel();
      await exit(0);
    } catch (error) {
      this.logger.error('the shutdown failed', { error });
      await exit(EXIT_FAILED);
    }
  }

  private async release(graceMs: number): Promise<void> {
    await this.listening?.close(Math.floor(graceMs * HTTP_SHARE_OF_GRACE));
    await this.started?.stop();
    for (const clean of this.cleanUps.reverse()) await clean();
    await this.telemetry.shutdown();
  }
}

/** Ends the process once the lines already logged have left the logger's streams. */
async function exit(code: number): Promise<void> {
  process.exitCode = code;
  await delay(systemClock, 1);
  process.exit(code);
}
