/** The schedules of a host on the Temporal server: which of them are ours, and bringing them in line with the file. */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type ScheduleDescription } from '@temporalio/client';
import { CommandError } from '../errors';
import type { Link } from '../server';
import { differences, type FieldChange } from './compare';
import { guardedSchedules } from './guarded-client';
import { idPrefix, scheduleId, type WantedSchedule } from './model';

/** In the memo of each schedule that we made, with its name. Others are never touched, whatever their id. */
const MARK = 'lifeboat.schedule';

export type ChangeKind = 'create' | 'update' | 'remove' | 'none';

export interface Change {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly id: string;
  readonly wanted: WantedSchedule | null;
  readonly there: ScheduleDescription | null;
  /** Of an update. */
  readonly fields: readonly FieldChange[];
}

/** Null when there is none of this id. */
export async function findSchedule({ client }: Link, id: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

const isOurs = ({ memo }: Pick<ScheduleDescription, 'memo'>, name: string): boolean => memo?.[MARK] === name;

/** @throws CommandError `ScheduleNotFound`, `ScheduleIsForeign` */
export async function ownSchedule(link: Link, host: string, name: string): Promise<ScheduleDescription> {
  const found = await findSchedule(link, scheduleId(host, name));
  if (found === null) {
    throw new CommandError(
      'ScheduleNotFound',
      `There is no schedule ${name} of ${host} at ${link.place.address}, namespace ${link.place.namespace}. \`lifeboat schedules list\` shows them.`,
    );
  }
  if (!isOurs(found, name)) throw foreign([found.scheduleId]);
  return found;
}

const foreign = (ids: readonly string[]): CommandError =>
  new CommandError(
    'ScheduleIsForeign',
    `Not made by Lifeboat, so it is left alone: ${ids.join(', ')}. Nothing was changed. Choose another name in the file, or remove that schedule in the web interface.`,
  );

/** Names of those that we made for this host. A new one may be missing for a second: the server lists with a delay. */
export async function ownNames({ client }: Link, host: string): Promise<string[]> {
  const prefix = idPrefix(host);
  const names: string[] = [];
  for await (const one of client.schedule.list()) {
    const name = one.scheduleId.slice(prefix.length);
    if (one.scheduleId.startsWith(prefix) && isOurs(one, name)) names.push(name);
  }
  return names.sort();
}

/**
 * What is to be done so that the server has what the file has. Changes nothing.
 *
 * @throws CommandError `ScheduleIsForeign` when a wanted id is taken by a schedule that is not ours
 */
export async function compareWithServer(
  link: Link,
  host: string,
  wanted: readonly WantedSchedule[],
): Promise<Change[]> {
  const changes: Change[] = [];
  const taken: string[] = [];
  for (const one of wanted) {
    const there = await findSchedule(link, one.id);
    if (there !== null && !isOurs(there, one.name)) taken.push(one.id);
    const fields = there === null ? [] : differences(there, one.definition);
    const kind = there === null ? 'create' : fields.length > 0 ? 'update' : 'none';
    changes.push({ kind, name: one.name, id: one.id, wanted: one, there, fields });
  }
  if (taken.length > 0) throw foreign(taken);
  const isWanted = new Set(wanted.map(({ name }) => name));
  for (const name of await ownNames(link, host)) {
    const id = scheduleId(host, name);
    const there = isWanted.has(name) ? null : await findSchedule(link, id);
    // the list may be older than what is there now
    if (there !== null && isOurs(there, name))
      changes.push({ kind: 'remove', name, id, wanted: null, there, fields: [] });
  }
  return changes;
}

/** Somebody else's change in the same moment makes ours void; it is tried again. */
const UPDATE_TRIES = 5;

/** Does one change. Whether it is paused, and why, stays as it is. */
export async function carryOut({ client }: Link, { kind, name, id, wanted }: Change): Promise<void> {
  const handle = client.schedule.getHandle(id);
  if (kind === 'remove') await handle.delete();
  if (wanted === null || kind === 'none') return;
  const { spec, action, policies } = wanted.definition;
  if (kind === 'create') {
    try {
      await client.schedule.create({ scheduleId: id, spec, action, policies, memo: { [MARK]: name } });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const message = `${id} was made by somebody else meanwhile. Run the same command again.`;
      throw new CommandError('ScheduleIsForeign', message, { cause: error });
    }
  } else {
    const guarded = guardedSchedules(client).getHandle(id);
    for (let tries = 0; tries < UPDATE_TRIES; tries++) {
      await guarded.update((there) => {
        if (!isOurs(there, name)) throw foreign([id]);
        const { paused, note } = there.state;
        return { spec, action, policies, state: { paused, ...(note === undefined ? {} : { note }) } };
      });
      if (differences(await handle.describe(), wanted.definition).length === 0) return;
    }
    const message = `${id} is changed by somebody else all the while. Run the same command again.`;
    throw new CommandError('ScheduleIsForeign', message);
  }
}
