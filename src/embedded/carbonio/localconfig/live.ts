/** The configuration as the running server has it: read at the start, and again only when it is told to. */
import { readValues, type Values } from './file';
import { JAVA_DEFAULTS } from './keys';

export class LiveConfig {
  private values: Values;

  constructor(private readonly file: string) {
    this.values = readValues(file);
  }

  reload(): void {
    this.values = readValues(this.file);
  }

  get(key: string): string | undefined {
    return this.values.get(key) ?? JAVA_DEFAULTS.get(key);
  }

  /** Longest line, bytes, that the validator lets through; null while it is off. Any text but `true` reads as false. */
  get maxLineLength(): number | null {
    if (this.get('zimbra_lmtp_validate_messages')?.toLowerCase() !== 'true') return null;
    const limit = Number(this.get('zimbra_lmtp_max_line_length'));
    return Number.isSafeInteger(limit) && limit > 0 ? limit : 10_240;
  }
}
