import { z } from 'zod';

export const Finding = z.object({ pointer: z.string(), code: z.string(), message: z.string() });
