/** How an operation of the mail host ended: by its last notification, which alone tells, and by the logs. */
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getNotification, getNotifications } from '../carbonio/cli/notifications';
import { getOperationLog, getUnfinishedOperationLog } from '../carbonio/cli/operations';
import type { Notification, Phase } from '../carbonio/parse/notification';
import { parseRestoreEnd } from '../carbonio/parse/restore-end';
import { Problem } from '../failures';
import type { Attempt, Step, StepResult } from './journal';

/** `silent`: it is over and nothing tells how; what is told may come a moment later. `gone`: nothing knows of it. */
export type EndFound = StepResult | 'interrupted' | 'silent' | 'gone';

const FINAL: ReadonlySet<Phase> = new Set(['ended', 'interrupted', 'stopped', 'failed', 'unknown']);

/** Of one that is not in the list of those that run or wait. @throws Problem `UnknownOutput`, `HostUnavailable`, … */
export async function endOf(
  cli: CarbonioCli,
  step: Pick<Step, 'command' | 'values'>,
  { id, notificationsBefore }: Pick<Attempt, 'id' | 'notificationsBefore'>,
  options: CallOptions,
): Promise<EndFound> {
  const told = (await notificationsOf(cli, id ?? '', new Set(notificationsBefore), options)).filter(
    ({ phase }) => FINAL.has(phase),
  );
  const last = told.at(-1);
  if (last !== undefined) {
    const phases = new Set(told.map(({ phase }) => phase));
    return phases.size === 1
      ? judge(step, last)
      : unproved('its notifications contradict each other', last.text);
  }
  const isIt = (one: { id: string }): boolean => one.id.toLowerCase() === id;
  const unfinished = (await getUnfinishedOperationLog(cli, options)).find(isIt);
  if (unfinished !== undefined) return 'interrupted';
  const ended = (await getOperationLog(cli, options)).find(isIt);
  if (ended === undefined) return 'gone';
  const words = `${ended.state} ${ended.type ?? ''}`;
  if (/\b(stopped|removed)\b/i.test(words))
    return { outcome: 'stopped', why: `it was stopped (${words})`, text: null };
  if (/\b(failed|exception)\b/i.test(words))
    return { outcome: 'failed', why: `its log says ${words}`, text: null };
  if (/\binterrupted\b/i.test(words)) return 'interrupted';
  return 'silent';
}

async function notificationsOf(
  cli: CarbonioCli,
  id: string,
  before: ReadonlySet<string>,
  options: CallOptions,
): Promise<Notification[]> {
  const found: Notification[] = [];
  for (const listed of await getNotifications(cli, options)) {
    if (listed.id !== null && before.has(listed.id)) continue;
    // entries of a list may be without their text, and the text names the operation
    const whole =
      listed.operationId === null && listed.id !== null
        ? await getNotification(cli, listed.id, options)
        : listed;
    if (whole.operationId === id) found.push(whole);
  }
  return found;
}

function judge({ command, values }: Pick<Step, 'command' | 'values'>, last: Notification): EndFound {
  const { phase, text } = last;
  if (phase === 'interrupted') return 'interrupted';
  if (phase === 'stopped') return { outcome: 'stopped', why: 'it was stopped on the mail host', text };
  if (phase === 'failed') return { outcome: 'failed', why: reasonIn(text), text };
  if (phase !== 'ended') return unproved('its last notification is not understood', text);
  if (command !== 'doExternalRestore' || values['provisioning_only'] === true) {
    return { outcome: 'successful', why: null, text };
  }
  try {
    const { complete, unrestored, idsFound } = parseRestoreEnd(last);
    if (complete) return { outcome: 'successful', why: null, text };
    return unproved(`its notification counts ${unrestored} unrestored items and lists ${idsFound}`, text);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return unproved(error.message.replace(/\.$/, ''), text);
  }
}

const unproved = (why: string, text: string | null): StepResult => ({ outcome: 'unproved', why, text });

/** What the host says of a failure, on one line. */
function reasonIn(text: string): string {
  const line = text.split('\n').find((one) => /^\s*(error|reason)\s*:/i.test(one));
  return line === undefined
    ? 'the mail host says that it failed'
    : `the mail host says: ${line.trim().slice(0, 300)}`;
}
