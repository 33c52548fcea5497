/** What was uploaded and is not used yet. In memory: a restart forgets it, as the real server does after a while. */
import { randomUUID } from 'node:crypto';
import { SoapFault } from './soap-kit';

export class Uploads {
  private readonly held = new Map<string, { readonly address: string; readonly bytes: Buffer }>();

  put(address: string, bytes: Buffer): string {
    const id = `${randomUUID()}:${randomUUID()}`;
    this.held.set(id, { address, bytes });
    return id;
  }

  /** @throws SoapFault */
  get(address: string, id: string): Buffer {
    const found = this.held.get(id);
    if (found === undefined || found.address !== address)
      throw new SoapFault('mail.NO_SUCH_UPLOAD', `no such upload: ${id}`);
    return found.bytes;
  }

  drop(id: string): void {
    this.held.delete(id);
  }
}
