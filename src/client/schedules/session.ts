/** What every command on schedules begins with: the configuration and the server. */
import { loadConfig, type Config } from '../../config';
import { connectToServer, type Link } from '../server';

export interface SchedulesOptions {
  host?: string;
  stateDir?: string;
  json?: boolean;
}

export function configOf({ host, stateDir }: SchedulesOptions): Config {
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
