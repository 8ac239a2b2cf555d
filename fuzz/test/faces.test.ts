import { createHttpApp, type Route } from '@multiswarm/service';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import {
  barrierRoutes,
  proposalRoutes,
} from '../../services/communicator/src/adapters/http/agreement-routes';
import { directoryRoutes } from '../../services/communicator/src/adapters/http/directory-routes';
import { leaseRoutes } from '../../services/communicator/src/adapters/http/lease-routes';
import { offerRoutes } from '../../services/communicator/src/adapters/http/offer-routes';
import { stateRoutes } from '../../services/communicator/src/adapters/http/state-routes';
import { subscriptionRoutes } from '../../services/communicator/src/adapters/http/subscription-routes';
import { topicRoutes } from '../../services/communicator/src/adapters/http/topic-routes';
import { messageRoutes } from '../../services/communicator/src/adapters/http/routes';
import { httpRoutes as balancerRoutes } from '../../services/load-balancer/src/adapters/http';
import { eventRoute } from '../../services/orchestrator/src/adapters/http/events';
import { httpRoutes as orchestratorRoutes } from '../../services/orchestrator/src/adapters/http/routes';
import type { OpenApiDocument } from '../src/targets/http-operations';
import { operationsOf } from '../src/targets/http-operations';
import { NOBODY } from '../src/targets/subjects';

const ROUTES: Readonly<Record<string, () => Route[]>> = {
  orchestrator: () => [...orchestratorRoutes(NOBODY), eventRoute(NOBODY)],
  'load-balancer': () => balancerRoutes(NOBODY),
  communicator: () => [
    ...messageRoutes(NOBODY, NOBODY),
    ...stateRoutes(NOBODY, NOBODY),
    ...topicRoutes(NOBODY, NOBODY),
    ...offerRoutes(NOBODY, NOBODY),
    ...leaseRoutes(NOBODY),
    ...proposalRoutes(NOBODY),
    ...barrierRoutes(NOBODY),
    ...directoryRoutes(NOBODY, NOBODY),
    ...subscriptionRoutes(NOBODY),
  ],
};
/** What shows the document is not in it. */
const ABOUT_THE_DOCUMENT = /^GET \/(openapi\.json|docs)/;

/** `app.all` is there to say which methods a path has. */
const ONE_ROUTE = 1;

const telemetry = startTelemetry({ service: 'test', version: '1.0.0', env: {} });
afterAll(() => telemetry.shutdown());

interface Layer {
  route?: { path: string; methods: Record<string, boolean | undefined> };
}

test.each(Object.keys(ROUTES))(
  'the document of the %s lists every route that it has, and no other',
  async (service) => {
    const app = createHttpApp({
      ...{ service, version: '1.0.0', title: service, telemetry, checks: {} },
      routes: ROUTES[service]?.() ?? [],
      logger: createLogger({ service, level: 'silent' }),
    });
    const layers = (app.router as unknown as { stack: Layer[] }).stack;
    const registered = layers.flatMap(({ route }) =>
      route === undefined || Object.keys(route.methods).length > ONE_ROUTE
        ? []
        : Object.keys(route.methods).map(
            (method) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`,
          ),
    );
    const server = app.listen(0);
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/openapi.json`, {
      headers: { connection: 'close' },
    });
    const document = (await response.json()) as OpenApiDocument;
    server.close();
    const described = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toEqual(registered.filter((route) => !ABOUT_THE_DOCUMENT.test(route)).sort());
  },
);
