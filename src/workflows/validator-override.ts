/** Changes the LMTP validator until it is told that this is no longer needed: for those who restore by hand. */
import {
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { parseInput } from '../contracts/input';
import {
  settingText,
  validatorChange,
  validatorOverrideExample,
  validatorOverrideInput,
  VALIDATOR_SLOT,
  type ValidatorOverrideRequest,
  type ValidatorOverrideResult,
  type ValidatorOverrideStatus,
} from '../contracts/override';
import { unwrapFailure } from './failure';
import { withOverride, type OverrideEnd } from './override';

export const validatorOverrideStatusQuery = defineQuery<ValidatorOverrideStatus>('status');
export const doneUpdate = defineUpdate<void, []>('done');
export const stillNeededSignal = defineSignal('stillNeeded');

export async function validatorOverride(raw: ValidatorOverrideRequest): Promise<ValidatorOverrideResult> {
  const input = parseInput(validatorOverrideInput, raw, validatorOverrideExample);
  const { key, wanted } = validatorChange(input);
  const status: ValidatorOverrideStatus = {
    phase: 'changing',
    original: null,
    key,
    wanted: settingText(wanted),
    deadline: null,
  };
  let done = false;
  let lastWord = Date.now();
  setHandler(validatorOverrideStatusQuery, () => status, {
    description: 'What is changed, and until when. No input.',
  });
  setHandler(doneUpdate, () => void (done = true), {
    description: 'The change is no longer needed. No input.',
  });
  setHandler(stillNeededSignal, () => void (lastWord = Date.now()), {
    description: 'From the command that runs inside the change; not for people.',
  });
  const begin = (phase: ValidatorOverrideStatus['phase']): void => {
    status.phase = phase;
    show(status);
  };
  begin('changing');
  try {
    const { original, end } = await withOverride(
      { slot: VALIDATOR_SLOT, key, wanted, deadlineSeconds: input.deadlineSeconds },
      async ({ original: before, deadline }) => {
        status.original = settingText(before);
        status.deadline = new Date(deadline).toISOString();
        begin('changed');
        await untilDone(
          () => done,
          () => lastWord,
          input.patienceSeconds,
        );
        begin('going back');
      },
    );
    begin('ended');
    return { key, original: settingText(original), end: endText(end) };
  } catch (error) {
    throw unwrapFailure(error);
  }
}

async function untilDone(
  isDone: () => boolean,
  lastWord: () => number,
  patience: number | null,
): Promise<void> {
  if (patience === null) return condition(isDone);
  for (;;) {
    const left = lastWord() + patience * 1000 - Date.now();
    if (left <= 0 || (await condition(isDone, left, { summary: 'until nobody needs it' }))) return;
  }
}

const endText = (end: OverrideEnd): string => (end.outcome === 'pending' ? 'reload pending' : end.outcome);

/** The page of the Temporal UI. */
function show({ phase, key, wanted, original, deadline }: ValidatorOverrideStatus): void {
  setCurrentDetails(
    [
      `**Phase: ${phase}**`,
      '',
      `- \`${key}\`: ${wanted}${original === null ? '' : `, before ${original}`}`,
      `- until ${deadline ?? 'its deadline'} at the latest; sooner by the update \`done\`, or by cancelling this workflow`,
    ].join('\n'),
  );
}
