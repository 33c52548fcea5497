/**
 * What the mail host tells of its purges, for syncs that delete. It has no list of purges: they are the operations of the
 * Backup module with `purge` in their name (the name itself is not documented), in its queue and in its log.
 */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getAllOperations, getOperationLog } from '../carbonio/cli/operations';
import { parseCommand } from '../carbonio/command-line';
import type { HostOperation } from '../carbonio/parse/operations';

export interface Purges {
  /** One that works now: its id, and since when (ISO; null: it does not say). Null: none does. */
  readonly running: { readonly id: string; readonly since: string | null } | null;
  /** Ids of those that have ended, as far back as the host remembers; however they ended, they may have removed things. */
  readonly ended: readonly string[];
}

/** Whether this worker has a mail host to ask: the program of its command is there, or is looked for on the PATH. */
export function hasHostCommand({ command }: { readonly command: string }): boolean {
  const { program } = parseCommand(command);
  return !isAbsolute(program) || existsSync(program);
}

/** @throws Problem `HostUnavailable`, `UnknownOutput`, `CommandMissing`, … as {@link CarbonioCli.call} */
export async function lookAtPurges(cli: CarbonioCli, options: CallOptions = {}): Promise<Purges> {
  // in this order: one that ends between the two is then in both, and not in neither
  const live = (await getAllOperations(cli, options)).operations.filter(isPurge);
  const log = (await getOperationLog(cli, options)).filter(isPurge);
  const running = live.find(({ state }) => !/^queued$/i.test(state));
  const going = new Set(live.map(idOf));
  const ended = new Set(log.filter(hasEnded).map(idOf));
  return {
    running: running ? { id: idOf(running), since: isoOf(running.startTime) } : null,
    ended: [...ended].filter((id) => !going.has(id)),
  };
}

const isPurge = ({ module, name }: HostOperation): boolean =>
  /purge/i.test(name) && (module === '' || module === 'ZxBackup');
const idOf = ({ id }: HostOperation): string => id.toLowerCase();
const isoOf = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

/** The log has entries of starts too; one that was taken out of the queue has never worked. */
const hasEnded = ({ state, type }: HostOperation): boolean =>
  !/^(queued|started|stopping|removed)$/i.test(type ?? state) && !/^removed$/i.test(state);
