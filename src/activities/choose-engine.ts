/** Which engine restores: the direct one for what it can read, else that of the mail host, if it answers. */
import { ApplicationFailure } from '@temporalio/activity';
import type { EngineChoice } from '../contracts/engine';
import { Problem } from '../failures';
import type { RestoreRequest, RestoreSettings } from '../restore/request';
import type { AskHost } from './carbonio';
import { toFailure } from './failure';
import { step } from './restore';

/** @throws failures for a source, a target or accounts that are not right, and when no engine can restore */
export async function chooseEngine(
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
