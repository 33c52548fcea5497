/** Every command that the stand-in has. */
import { CONFIG_COMMANDS } from './config';
import { QUEUE_COMMANDS } from './queue';
import { EXTERNAL_RESTORE } from './restore';
import type { Command } from './spec';

export const COMMANDS: readonly Command[] = [EXTERNAL_RESTORE, ...QUEUE_COMMANDS, ...CONFIG_COMMANDS];
