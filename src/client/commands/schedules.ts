/** `lifeboat schedules apply` and `diff`: the schedules of the server as the file has them. */
import { confirm } from '../ask';
import { EXIT } from '../exit-codes';
import { Interrupts } from '../interrupts';
import { print, printJson, say } from '../output';
import { timesText } from '../schedules/compare';
import { readScheduleFile } from '../schedules/file';
import { carryOut, compareWithServer, type Change } from '../schedules/server';
import { configOf, type SchedulesOptions } from '../schedules/session';
import { onServer, type Link } from '../server';
import { taskQueueIsServed } from '../task-queue';

export interface ApplyOptions extends SchedulesOptions {
  dryRun?: boolean;
  prune?: boolean;
}

/** What the server has is as the file, differs from it, or was changed to be so. */
type Status = 'equal' | 'differs' | 'applied';

/** @returns 0 when nothing differs, else 3 */
export async function diff(file: string, options: SchedulesOptions): Promise<number> {
  return apply(file, { ...options, dryRun: true });
}

/** @returns 0 when all is as in the file, 3 when something differs still */
export async function apply(file: string, options: ApplyOptions): Promise<number> {
  const config = configOf(options);
  const { host, taskQueue } = config;
  const wanted = readScheduleFile(file, config);
  return onServer(config.stateDir, async (link) => {
    const changes = await compareWithServer(link, host, wanted);
    const todo = changes.filter(({ kind }) => kind !== 'none');
    // with --json the list comes once, with its end
    for (const change of changes) (options.json ? say : print)(lineOf(change));
    if (options.dryRun || todo.length === 0) {
      return end(file, changes, todo.length === 0 ? 'equal' : 'differs', options);
    }
    const removes = todo.filter(({ kind }) => kind === 'remove');
    const prune = removes.length > 0 && (options.prune || (await mayRemove(removes, options)));
    if (prune === null) {
      say('Nothing was changed.');
      return EXIT.interrupted;
    }
    const done = todo.filter(({ kind }) => kind !== 'remove' || prune);
    for (const change of done) await carryOut(link, change);
    await warn(link, taskQueue);
    if (done.length === todo.length) return end(file, changes, 'applied', options);
    say(
      `Not in the file, but left there: ${removes.map(({ name }) => name).join(', ')}. --prune removes them.`,
    );
    return end(file, changes, 'differs', options);
  });
}

/** Null on Ctrl-C. Nobody is asked where nobody can answer: then they stay. */
async function mayRemove(removes: readonly Change[], { json }: ApplyOptions): Promise<boolean | null> {
  if (json || !process.stdin.isTTY) return false;
  const interrupts = new Interrupts();
  try {
    return await confirm(`Remove ${removes.map(({ name }) => name).join(', ')}?`, interrupts);
  } finally {
    interrupts.dispose();
  }
}

/** What would keep a schedule from starting anything. */
async function warn({ client, place }: Link, taskQueue: string): Promise<void> {
  if (place.embedded)
    say('This is an embedded server: schedules start something only while it runs (`lifeboat dev`).');
  if (await taskQueueIsServed(client, taskQueue)) return;
  say(`No worker serves the task queue ${taskQueue}: start one with \`lifeboat worker\`.`);
}

function end(file: string, changes: readonly Change[], status: Status, { json }: ApplyOptions): number {
  if (json) printJson({ status, file, schedules: changes.map(forPrograms) });
  else say({ equal: 'Nothing differs.', differs: 'Something differs.', applied: 'Done.' }[status]);
  return status === 'differs' ? EXIT.partial : EXIT.done;
}

const SIGNS = { create: '+', update: '~', remove: '-', none: '=' } as const;

function lineOf({ kind, name, wanted, there, fields }: Change): string {
  const what = {
    create: () =>
      `new: ${wanted ? `${wanted.definition.action.workflowType}, ${timesText(wanted.definition)}` : ''}`,
    update: () => fields.map((one) => `${one.field}: ${one.there} -> ${one.wanted}`).join('\n    '),
    remove: () => 'is not in the file',
    none: () => 'as in the file',
  }[kind]();
  const paused = there?.state.paused
    ? `\n    paused, and stays so until \`lifeboat schedules resume ${name}\`: ${there.state.note || 'no reason given'}`
    : '';
  return `${SIGNS[kind]} ${name}  ${what}${kind === 'remove' ? '' : paused}`;
}

function forPrograms({ kind, name, id, there, fields }: Change): object {
  return { name, id, change: kind, fields, paused: there?.state.paused ?? false };
}
