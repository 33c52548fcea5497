/** What can be said of a restore before anything is made, and before it waits for its turn. */
import { Problem } from '../failures';
import type { RestoreRequest, RestoreSettings } from './request';
import { selectAccounts } from './select';
import { openPlaces } from './session';
import { SourceGuard } from './source-guard';

/** @throws Problem for a source, a target or accounts that are not right */
export function checkRequest(request: RestoreRequest, settings: RestoreSettings): void {
  const { input } = request;
  const store = openPlaces(request, settings);
  if (input.accounts.length + input.domains.length === 0) return;
  try {
    selectAccounts(store, input, new SourceGuard(store, new Set()));
  } catch (error) {
    // trouble with reading is for the plan, which knows how to wait for its end
    if (!(error instanceof Problem) || error.type !== 'SourceUnavailable') throw error;
  }
}
