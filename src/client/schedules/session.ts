/** What every command on schedules begins with: the configuration and the server. */
import { loadConfig, type Config } from '../../config';
import { CommandError } from '../errors';
import { connectToServer, type Link } from '../server';

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

export async function onServer(config: Config, body: (link: Link) => Promise<number>): Promise<number> {
  const link = await connectToServer(config.stateDir);
  try {
    return await body(link);
  } finally {
    await link.close();
  }
}
