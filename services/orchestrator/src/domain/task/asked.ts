/** Who asked for something, and why: for the history. */
export interface Asked {
  requestedBy?: string | undefined;
  reason?: string | undefined;
}

/** As an event tells it. */
export function said({ requestedBy, reason }: Asked): Record<string, string> {
  return {
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
  };
}
