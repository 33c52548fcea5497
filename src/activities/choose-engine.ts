/** Which engine restores: the direct one for what it can read, else that of the mail host, if it answers. */
import { ApplicationFailure } from '@temporalio/activity';
import type { Config } from '../config';
import type { EngineChoice } from '../contracts/engine';
import { Problem } from '../failures';
import { meetsValidator } from '../overrides/meets-validator';
import type { RestoreRequest, RestoreSettings } from '../restore/request';
import type { AskHost } from './carbonio';
import { toFailure } from './failure';
import { requireProbes } from './invalid';
import { step } from './restore';

/**
 * What can be known to go wrong at the end of a restore, told before it begins.
 * @throws failures
 */
function checkOnInvalid(
  { input }: RestoreRequest,
  target: string | null,
  config: Pick<Config, 'carbonio' | 'host'>,
): void {
  try {
    if (input.onInvalid === 'save' && target === null) {
      const what =
        'onInvalid: the mail host hands out no items, so the engine carbonio cannot save them. Use "retry" to restore them, ' +
        'or "report" and afterwards `lifeboat rescue --report`.';
      throw new Problem('InvalidInput', what);
    }
    const isRetry = input.onInvalid === 'retry' || input.onInvalid === 'retryWithoutValidator';
    if (isRetry && meetsValidator(target, config.carbonio, config.host)) requireProbes(config);
  } catch (error) {
    throw toFailure(error);
  }
}

/** @throws failures for a source, a target or accounts that are not right, and when no engine can restore */
export async function chooseEngine(
  request: RestoreRequest,
  settings: RestoreSettings,
  config: Pick<Config, 'carbonio' | 'host'>,
  askHost: AskHost,
): Promise<EngineChoice> {
  const choice = await choose(request, settings, askHost);
  const target = request.input.target ?? settings.defaultTarget;
  checkOnInvalid(request, choice.engine === 'carbonio' ? null : target, config);
  return choice;
}

async function choose(
  request: RestoreRequest,
  settings: RestoreSettings,
  askHost: AskHost,
): Promise<EngineChoice> {
  const { engine, target, date } = request.input;
  const onlyDirect = date !== undefined && date !== 'last';
  if (engine === 'carbonio') {
    if (target !== undefined) {
      const what =
        'target: the engine carbonio restores into the mailboxes of the mail host. Leave the field out.';
      throw toFailure(new Problem('InvalidInput', what));
    }
    if (onlyDirect) {
      const what =
        'date: the import of the mail host knows no moment. Leave the field out, or take the engine direct.';
      throw toFailure(new Problem('InvalidInput', what));
    }
    const hindrance = await askHost();
    if (hindrance !== null) {
      throw toFailure(new Problem('HostNotReady', `The engine carbonio cannot be used: ${hindrance}`));
    }
    return { engine: 'carbonio', reason: 'it was asked for' };
  }
  try {
    await step('check', { request, settings });
    return { engine: 'direct', reason: engine === 'direct' ? 'it was asked for' : 'the dialect is known' };
  } catch (error) {
    const isUnknown = error instanceof ApplicationFailure && error.type === 'UnknownDialect';
    if (engine === 'direct' || !isUnknown) throw error;
    // who named a target does not want mail in that of the host
    const hindrance =
      target !== undefined
        ? 'it restores into its own mailboxes only.'
        : onlyDirect || request.input.recovery !== undefined
          ? 'its import takes all, and as it is now.'
          : await askHost();
    if (hindrance === null) {
      return { engine: 'carbonio', reason: 'the dialect is not known here, and the mail host answers' };
    }
    throw ApplicationFailure.create({
      type: 'UnknownDialect',
      nonRetryable: true,
      message: `${error.message} The mail host cannot restore it either: ${hindrance}`,
      details: error.details ?? [],
      cause: error,
    });
  }
}
