/** Every command that the stand-in has. */
import { CONFIG_COMMANDS } from './config';
import { DIRECTORY_COMMANDS } from './directory';
import { BACKUP_COMMANDS } from './backup';
import { INSPECT_COMMANDS } from './inspect';
import { PROV_COMMANDS } from './prov';
import { QUEUE_COMMANDS } from './queue';
import { EXTERNAL_RESTORE } from './restore';
import type { Command } from './spec';

export const COMMANDS: readonly Command[] = [
  EXTERNAL_RESTORE,
  ...BACKUP_COMMANDS,
  ...INSPECT_COMMANDS,
  ...PROV_COMMANDS,
  ...DIRECTORY_COMMANDS,
  ...QUEUE_COMMANDS,
  ...CONFIG_COMMANDS,
];
