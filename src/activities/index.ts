/** Every activity of a worker. */
import type { Config } from '../config';
import { createCarbonio } from './carbonio';
import type { HostWork } from './host-work';
import { createOffsiteActivities } from './offsite';
import { createOffsiteCopyActivities } from './offsite-copy';
import { createOffsitePurgeActivities } from './offsite-purge';
import { createOverrideActivities } from './override';
import { createQueueActivities } from './queue';
import { createRescueActivities } from './rescue';
import { createRestoreActivities } from './restore';
import { createTurnActivities } from './turn';
import { createVerifyActivities } from './verify';

export function createActivities(config: Config, work: HostWork) {
  const carbonio = createCarbonio(config, work);
  return {
    ...createRestoreActivities(config, work, carbonio.ask),
    ...carbonio.activities,
    ...createTurnActivities(config, work),
    ...createQueueActivities(work),
    ...createVerifyActivities(config),
    ...createRescueActivities(config),
    ...createOffsiteActivities(config, work),
    ...createOffsiteCopyActivities(config, work),
    ...createOffsitePurgeActivities(config, carbonio.cli),
    ...createOverrideActivities(config, work),
  };
}
export type Activities = ReturnType<typeof createActivities>;
