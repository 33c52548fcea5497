/** Lines of `getServerConfig`: key, underscores up to a column, value. Values may hold an underscore themselves. */
import { plain, unknownOutput } from './excerpt';

export interface ServerConfigEntry {
  readonly id: string;
  readonly value: string;
}

export interface ServerConfig {
  /** Of the copy, as printed; null when it is not told. */
  readonly date: string | null;
  readonly entries: readonly ServerConfigEntry[];
}

/** @throws Problem `UnknownOutput` when a line has no run of three underscores, or there is none */
export function parseServerConfig(output: string): ServerConfig {
  const lines = plain(output)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const entries = lines.map((line): ServerConfigEntry => {
    const gap = /_{3,}/.exec(line);
    if (gap === null || gap.index === 0) throw unknownOutput('A line of the server configuration', output);
    return { id: line.slice(0, gap.index).trim(), value: line.slice(gap.index + gap[0].length).trim() };
  });
  if (entries.length === 0) throw unknownOutput('The server configuration', output);
  const date = entries[0]?.id.toLowerCase() === 'config date' ? (entries[0].value ?? null) : null;
  return { date, entries: date === null ? entries : entries.slice(1) };
}
