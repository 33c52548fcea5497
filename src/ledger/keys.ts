/**
 * Keys of the ledger: fixed width, big-endian, so that rows of one account lie together and in item order. Ten
 * million items make ten million keys; eleven bytes each instead of a general encoding halve the file.
 */

/** (u16, u32) */
export function accountKey(scope: number, account: number): Buffer {
  const key = Buffer.allocUnsafe(6);
  key.writeUInt16BE(scope, 0);
  key.writeUInt32BE(account, 2);
  return key;
}

/** (u16, u32, u40): an item id has at most ten digits, which is more than 32 bits. */
export function itemKey(scope: number, account: number, item: number): Buffer {
  const key = Buffer.allocUnsafe(11);
  key.writeUInt16BE(scope, 0);
  key.writeUInt32BE(account, 2);
  key.writeUIntBE(item, 6, 5);
  return key;
}

/** The item id of an {@link itemKey}. */
export const itemOf = (key: Buffer): number => key.readUIntBE(6, 5);

/** (u16, u32, text) */
export function textKey(scope: number, account: number, text: string): Buffer {
  return Buffer.concat([accountKey(scope, account), Buffer.from(text)]);
}

/** (u32, u32) */
export function workKey(operation: number, seq: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(operation, 0);
  key.writeUInt32BE(seq, 4);
  return key;
}

/** (u32, u32, u48) */
export function detailKey(operation: number, seq: number, item: number): Buffer {
  const key = Buffer.allocUnsafe(14);
  key.writeUInt32BE(operation, 0);
  key.writeUInt32BE(seq, 4);
  key.writeUIntBE(item, 8, 6);
  return key;
}

/** Everything whose key begins with `prefix`. */
export function within(prefix: Buffer): { start: Buffer; end: Buffer } {
  return { start: prefix, end: Buffer.concat([prefix, Buffer.alloc(64, 0xff)]) };
}
