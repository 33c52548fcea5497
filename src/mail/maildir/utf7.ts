/** Modified UTF-7, the way IMAP (RFC 3501, 5.1.3) and Dovecot's default store folder names. */

const DIRECT = /^[\x20-\x7e]*$/;

/** Unpaired surrogates cannot be stored anywhere: they become U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

export function encodeUtf7(text: string): string {
  if (DIRECT.test(text)) return text.replaceAll('&', '&-');
  return wellFormed(text).replace(/&|[^\x20-\x7e]+/g, (run) => (run === '&' ? '&-' : `&${shifted(run)}-`));
}

function shifted(run: string): string {
  const bytes = Buffer.from(run, 'utf16le').swap16();
  return bytes.toString('base64').replace(/=+$/, '').replaceAll('/', ',');
}

/** The reverse; null when the text is no modified UTF-7. */
export function decodeUtf7(encoded: string): string | null {
  if (!DIRECT.test(encoded)) return null;
  let valid = true;
  const text = encoded.replace(/&([^-]*)(-?)/g, (_whole, run: string, end: string) => {
    if (end === '') valid = false;
    if (run === '') return '&';
    const bytes = Buffer.from(run.replaceAll(',', '/'), 'base64');
    if (bytes.length % 2 !== 0) {
      valid = false;
      return '';
    }
    return bytes.swap16().toString('utf16le');
  });
  return valid && encodeUtf7(text) === encoded ? text : null;
}

/**
 * The longest beginning of `text`, in whole characters, that together with `tail` takes at most `room` bytes
 * when encoded.
 */
export function beginningThatFits(text: string, tail: string, room: number): string {
  let kept = '';
  for (const character of text) {
    const longer = kept + character;
    if (encodeUtf7(longer + tail).length > room) break;
    kept = longer;
  }
  return kept;
}
