/** `lifeboat schedules pause`, `resume` and `trigger`. */
import type { ScheduleDescription } from '@temporalio/client';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { print, printJson, say } from '../output';
import { scheduleId } from '../schedules/model';
import { ownSchedule } from '../schedules/server';
import { configOf, type SchedulesOptions } from '../schedules/session';
import { onServer, type Link } from '../server';

export interface PauseOptions extends SchedulesOptions {
  reason?: string;
}

export async function pause(names: readonly string[], options: PauseOptions): Promise<number> {
  return setPaused(names, true, options);
}

export async function resume(names: readonly string[], options: PauseOptions): Promise<number> {
  return setPaused(names, false, options);
}

async function setPaused(names: readonly string[], paused: boolean, options: PauseOptions): Promise<number> {
  const config = configOf(options);
  const { host } = config;
  return onServer(config.stateDir, async (link) => {
    const { client } = link;
    // all of them are there before one is changed
    for (const name of names) await ownSchedule(link, host, name);
    const verb = paused ? 'paused' : 'resumed';
    const { reason } = options;
    const said = `${verb} by ${client.options.identity}${reason === undefined ? '' : `: ${reason}`}`;
    const schedules: { name: string; paused: boolean; note: string }[] = [];
    for (const name of names) {
      const handle = client.schedule.getHandle(scheduleId(host, name));
      const { state } = await handle.describe();
      // the failure that paused it is what the next person must read
      const why = paused && state.paused ? (state.note ?? '') : '';
      const stays = why !== '' && reason === undefined;
      const note = stays ? why : [why, said].filter((text) => text !== '').join('; ');
      if (!stays) await (paused ? handle.pause(note) : handle.unpause(note));
      say(why === '' ? `${name} is ${verb}.` : `${name} was paused already, and stays so: ${why}`);
      schedules.push({ name, paused, note });
    }
    if (options.json) printJson({ schedules });
    return EXIT.done;
  });
}

const LOOK_EVERY_MS = 100;
const STARTED_WITHIN_MS = 15_000;

/** Also starts one that is paused, but none beside one that still runs. */
export async function trigger(name: string, options: SchedulesOptions): Promise<number> {
  const config = configOf(options);
  const { host } = config;
  return onServer(config.stateDir, async (link) => {
    const before = await ownSchedule(link, host, name);
    await link.client.schedule.getHandle(before.scheduleId).trigger('SKIP');
    const operationId = await startedSince(link, host, name, before);
    if (options.json) printJson({ name, operationId });
    else print(operationId);
    say(`Started. \`lifeboat status ${operationId}\` shows it.`);
    return EXIT.done;
  });
}

/** @throws CommandError `ScheduleBusy` when the one before still runs, `ServerRefused` when nothing was seen of it */
async function startedSince(
  link: Link,
  host: string,
  name: string,
  { info: before }: ScheduleDescription,
): Promise<string> {
  for (const until = Date.now() + STARTED_WITHIN_MS; Date.now() < until;) {
    const { info } = await ownSchedule(link, host, name);
    const last = info.recentActions.at(-1)?.action.workflow.workflowId;
    if (info.numActionsTaken > before.numActionsTaken && last !== undefined) return last;
    if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap) {
      const running = info.runningActions[0]?.workflow.workflowId ?? 'the one before';
      throw new CommandError(
        'ScheduleBusy',
        `${name} was not started: ${running} still runs. \`lifeboat cancel\` ends it.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new CommandError(
    'ServerRefused',
    `The server took the request for ${name}, but was not seen to start it within ${STARTED_WITHIN_MS / 1000} s. \`lifeboat schedules list\` shows what came of it.`,
  );
}
