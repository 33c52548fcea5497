/** What every command on schedules begins with. */
import { loadConfig, type Config } from '../../config';
import { CommandError } from '../errors';

export interface SchedulesOptions {
  host?: string;
  stateDir?: string;
  json?: boolean;
}

/** @throws CommandError `Usage` for a host that none can have: an empty one comes from an empty shell variable */
export function configOf({ host, stateDir }: SchedulesOptions): Config {
  if (host !== undefined && !/^[A-Za-z0-9._-]+$/.test(host))
    throw new CommandError('Usage', '--host must be a host name.');
  const config = loadConfig(process.env, stateDir === undefined ? {} : { stateDir });
  return host === undefined ? config : { ...config, host };
}
