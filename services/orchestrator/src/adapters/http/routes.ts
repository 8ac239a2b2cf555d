import type { Route } from '@multiswarm/service';
import type { Orchestrator } from '../../application/orchestrator';
import { deadLetterRoutes } from './dead-letter-routes';
import { definitionRoutes } from './definition-routes';
import { fleetRoutes } from './fleet-routes';
import { namespaceRoutes } from './namespace-routes';
import { payloadRoutes } from './payload-routes';
import { scheduleRoutes } from './schedule-routes';
import { shardRoutes } from './shard-routes';
import { streamRoutes } from './stream-routes';
import { taskControlRoutes } from './task-control-routes';
import { taskRoutes } from './task-routes';
import { taskSubmissionRoutes } from './task-submission-routes';
import { workflowControlRoutes } from './workflow-control-routes';
import { workflowRoutes } from './workflow-routes';
import { workflowSubmissionRoutes } from './workflow-submission-routes';

/** Every JSON route of the orchestrator. */
export function httpRoutes(orchestrator: Orchestrator): Route[] {
  return [
    ...taskSubmissionRoutes(orchestrator),
    ...taskRoutes(orchestrator),
    ...taskControlRoutes(orchestrator),
    ...deadLetterRoutes(orchestrator),
    ...payloadRoutes(orchestrator),
    ...streamRoutes(orchestrator),
    ...workflowSubmissionRoutes(orchestrator),
    ...workflowRoutes(orchestrator),
    ...workflowControlRoutes(orchestrator),
    ...definitionRoutes(orchestrator),
    ...scheduleRoutes(orchestrator),
    ...fleetRoutes(orchestrator),
    ...namespaceRoutes(orchestrator),
    ...shardRoutes(orchestrator),
  ];
}
