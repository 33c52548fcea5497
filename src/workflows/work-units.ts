/** Work units: short at first, so that a short operation shows its progress, and longer each time. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';

/** Shortest work unit, seconds. */
const FIRST_SECONDS = 2;

/**
 * One unit after the other until nothing is left. Answers false when it is time to continue as new.
 * @param longest seconds
 * @param unit answers whether there is more
 */
export async function workUnits(
  longest: number,
  unit: (seconds: number) => Promise<boolean>,
  isLong: () => boolean,
): Promise<boolean> {
  for (let seconds = Math.min(FIRST_SECONDS, longest); ; seconds = Math.min(seconds * 2, longest)) {
    if (!(await unit(seconds))) return true;
    if (isLong()) return false;
  }
}

/** The same in lanes side by side. One that cannot go on ends the others at their next item; its failure is told. */
export async function inLanes(count: number, lane: (number: number) => Promise<boolean>): Promise<boolean> {
  const scope = new CancellationScope({ cancellable: true });
  const ends = await scope.run(() =>
    Promise.allSettled(
      Array.from({ length: count }, (_, number) =>
        lane(number).catch((error: unknown) => {
          scope.cancel();
          throw error;
        }),
      ),
    ),
  );
  const failures = ends.filter((end) => end.status === 'rejected').map(({ reason }) => reason as unknown);
  if (failures.length > 0) throw failures.find((failure) => !isCancellation(failure)) ?? failures[0];
  return ends.every((end) => end.status === 'fulfilled' && end.value);
}
