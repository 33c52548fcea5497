/** Every activity of a worker. */
import type { Config } from '../config';
import { createRestoreActivities } from './restore';

export function createActivities(config: Config) {
  return { ...createRestoreActivities(config) };
}
export type Activities = ReturnType<typeof createActivities>;
