/** The workflows that people start, by the name that Temporal knows them by. */
import type { z } from 'zod';
import { externalRestoreExample, externalRestoreInput } from '../contracts/external-restore';

export interface KnownWorkflow {
  readonly what: string;
  readonly schema: z.ZodType;
  readonly example: object;
  /** Fields that workflows use among themselves. */
  readonly internal: readonly string[];
}

export const WORKFLOWS: ReadonlyMap<string, KnownWorkflow> = new Map([
  [
    'externalRestore',
    {
      what: 'brings a Backup Path back into mailboxes',
      schema: externalRestoreInput,
      example: externalRestoreExample,
      internal: ['carry'],
    },
  ],
]);

/** By its name, or the same in words with hyphens: `externalRestore`, `external-restore`. */
export function findWorkflow(name: string): KnownWorkflow | undefined {
  return WORKFLOWS.get(name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}
