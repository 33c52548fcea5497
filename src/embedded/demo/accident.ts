/** Kills the worker in the middle of its work, and sends another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Display } from '../../client/display';
import { grouped } from '../../report/format';
import type { Crew } from './crew';
import { countMessages } from './maildirs';

const LOOK_EVERY_MS = 40;

/**
 * Waits until half of the messages are in the mailboxes, then kills the worker.
 *
 * @param total messages that there will be in the end
 * @param signal ends the waiting
 * @returns how many messages there were when it was killed; null when the restore was over before
 */
export async function accidentHalfway(
  crew: Crew,
  mailboxes: string,
  total: number,
  display: Display,
  signal: AbortSignal,
): Promise<number | null> {
  while (!signal.aborted) {
    const there = countMessages(mailboxes);
    if (there >= total) return null;
    if (there >= total / 2) return accident(crew, mailboxes, total, display);
    await sleep(LOOK_EVERY_MS);
  }
  return null;
}

function accident(crew: Crew, mailboxes: string, total: number, display: Display): number {
  const killed = crew.kill();
  const there = countMessages(mailboxes);
  display.note(
    `** Worker ${killed} killed (SIGKILL) with ${grouped(there)} of ${grouped(total)} messages in the mailboxes. **`,
  );
  const next = crew.start();
  display.note(
    `   Worker ${next} started. Temporal gives it the work when the dead one has not been heard of for 8 seconds.`,
  );
  return there;
}
