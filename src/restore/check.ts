/** What can be said of a restore before anything is made, and before it waits for its turn. */
import { Problem } from '../failures';
import type { RestoreRequest, RestoreSettings } from './request';
import { selectAccounts } from './select';
import { requireItems } from './recovery';
import { openPlaces } from './session';
import { SourceGuard } from './source-guard';
import { viewOf } from './view';

/** @throws Problem for a source, a target or accounts that are not right */
export function checkRequest(request: RestoreRequest, settings: RestoreSettings): void {
  const { input } = request;
  const store = openPlaces(request, settings);
  const view = viewOf(input, store, request.operationKey, Date.now());
  requireItems(store, view);
  if (view.account !== null) return;
  if (input.accounts.length + input.domains.length === 0) return;
  try {
    selectAccounts(store, input, new SourceGuard(store, new Set()), view.date);
  } catch (error) {
    // trouble with reading is for the plan, which knows how to wait for its end
    if (!(error instanceof Problem) || error.type !== 'SourceUnavailable') throw error;
  }
}
