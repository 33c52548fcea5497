/** Every activity of a worker. */
import type { Config } from '../config';
import { createBackupEnabledActivities } from './backup-enabled';
import { createCarbonio } from './carbonio';
import { createExportActivities } from './export';
import type { HostWork } from './host-work';
import { createInvalidActivities } from './invalid';
import { createOffsiteActivities } from './offsite';
import { createOffsiteCopyActivities } from './offsite-copy';
import { createOffsitePurgeActivities } from './offsite-purge';
import { createOverrideActivities } from './override';
import { createQueueActivities } from './queue';
import { createRecoveryActivities } from './recovery';
import { createRescueActivities } from './rescue';
import { createRestoreActivities } from './restore';
import { createTurnActivities } from './turn';
import { createVerifyActivities } from './verify';

export function createActivities(config: Config, work: HostWork) {
  const carbonio = createCarbonio(config, work);
  return {
    ...createRestoreActivities(config, work, carbonio.ask),
    ...carbonio.activities,
    ...createExportActivities(config, work),
    ...createTurnActivities(config, work),
    ...createQueueActivities(work),
    ...createVerifyActivities(config),
    ...createRescueActivities(config),
    ...createInvalidActivities(config),
    ...createOffsiteActivities(config, work),
    ...createOffsiteCopyActivities(config, work),
    ...createOffsitePurgeActivities(config, carbonio.cli),
    ...createOverrideActivities(config, work),
    ...createRecoveryActivities(config),
    ...createBackupEnabledActivities(config),
  };
}
export type Activities = ReturnType<typeof createActivities>;
