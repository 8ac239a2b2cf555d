import {
  DispatchRequest,
  ReportReply,
  isCount,
  isListOf,
  isObject,
  quick,
  type Unknown,
} from '@multiswarm/contracts';

/** The messages that a busy swarm gets by the thousand. */
export const QuickDispatchRequest = quick(DispatchRequest, isDispatchRequest);
export const QuickReportReply = quick(ReportReply, isReportReply);

function isReportReply(value: unknown): boolean {
  return (
    isObject(value) &&
    value['v'] === 1 &&
    isListOf(value['acks'], isAck) &&
    isListOf(value['next'], isDispatchRequest)
  );
}

function isAck(ack: Unknown): boolean {
  const { taskId, attempt, status } = ack;
  return (
    typeof taskId === 'string' &&
    isCount(attempt, 1) &&
    (status === 'recorded' || status === 'stale' || status === 'moved')
  );
}

function isDispatchRequest(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { v, shard, epoch, regionEpoch, instance, reportTo, attempts } = value;
  return (
    v === 1 &&
    isCount(shard, 0) &&
    isCount(epoch, 1) &&
    (regionEpoch === undefined || isCount(regionEpoch, 1)) &&
    (instance === undefined || typeof instance === 'string') &&
    (reportTo === undefined || (typeof reportTo === 'string' && reportTo.length <= 256)) &&
    isListOf(attempts, isAttempt)
  );
}

function isAttempt(attempt: Unknown): boolean {
  return (
    typeof attempt['taskId'] === 'string' &&
    isCount(attempt['attempt'], 1) &&
    isCount(attempt['shard'], 0) &&
    typeof attempt['swarmId'] === 'string' &&
    typeof attempt['type'] === 'string' &&
    typeof attempt['namespace'] === 'string' &&
    isPriority(attempt['priority']) &&
    attempt['input'] !== undefined &&
    isResources(attempt['resources']) &&
    typeof attempt['traceparent'] === 'string' &&
    attempt['inputRef'] === undefined &&
    attempt['upstreamRefs'] === undefined &&
    hasUsableOptions(attempt)
  );
}

function hasUsableOptions(attempt: Unknown): boolean {
  const { startToCloseMs, heartbeatMs, signals, requirements, again, placement, workflowId, step } = attempt;
  const { routing, group } = attempt;
  return (
    (startToCloseMs === undefined || isCount(startToCloseMs, 0)) &&
    (heartbeatMs === undefined || isCount(heartbeatMs, 0)) &&
    (signals === undefined || isListOf(signals, isSignal)) &&
    (requirements === undefined || isObject(requirements)) &&
    (routing === undefined || isObject(routing)) &&
    (group === undefined || typeof group === 'string') &&
    (again === undefined || typeof again === 'boolean') &&
    (placement === undefined || isObject(placement)) &&
    (workflowId === undefined || typeof workflowId === 'string') &&
    (step === undefined || typeof step === 'string')
  );
}

function isSignal({ name, payload, at }: Unknown): boolean {
  return typeof name === 'string' && payload !== undefined && isCount(at, 0);
}

function isPriority(value: unknown): boolean {
  return value === 'normal' || value === 'high' || value === 'critical' || value === 'low';
}

function isResources(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name in value) {
    const amount = value[name];
    if (name === 'gpu' ? !isCount(amount, 0) : name !== 'cpu' && name !== 'memoryMb') return false;
    if (!(typeof amount === 'number' && amount >= 0)) return false;
  }
  return true;
}
