import { probeLineLength } from '../../src/carbonio/lmtp-probe';
import { type Problem } from '../../src/failures';
import { LINE_LENGTH_KEY, VALIDATE_KEY, type Setting } from '../../src/contracts/override';
import { proveRule, validatorPort, type ValidatorHost } from '../../src/overrides/validator';

type Keys = Partial<Record<string, string>>;
const rule = ({ [VALIDATE_KEY]: validate = 'true', [LINE_LENGTH_KEY]: limit = '10240' }: Keys) =>
  validate === 'true' ? Number(limit) : Infinity;

/** A server that uses `live`, with `written` in its file. */
function host(written: Keys, live: Keys = written): ValidatorHost & { tried: number[] } {
  const tried: number[] = [];
  return {
    tried,
    read: (key): Promise<Setting> => {
      const value = written[key];
      return Promise.resolve(value === undefined ? { set: false } : { set: true, value });
    },
    write: () => Promise.reject(new Error('not here')),
    reload: () => Promise.reject(new Error('not here')),
    deliver: (longest) => {
      tried.push(longest);
      return Promise.resolve(longest <= rule(live) ? 'accepted' : 'refused');
    },
  };
}

const type = (error: unknown): string => (error as Problem).type;

test.each([
  ['nothing set', {}, [10_241, 10_240]],
  ['a longer line', { [LINE_LENGTH_KEY]: '20000' }, [20_001, 20_000]],
  ['validation off', { [VALIDATE_KEY]: 'false' }, [10_241]],
  ['both', { [VALIDATE_KEY]: 'false', [LINE_LENGTH_KEY]: '30000' }, [30_001]],
])('%s: found out by what is accepted', async (_, keys, tried) => {
  const one = host(keys);
  await proveRule(one);
  expect(one.tried).toEqual(tried);
});

test.each([
  ['off, not reloaded', { [VALIDATE_KEY]: 'false' }, {}],
  ['on again, not reloaded', {}, { [VALIDATE_KEY]: 'false' }],
  ['longer, not reloaded', { [LINE_LENGTH_KEY]: '20000' }, {}],
  ['short again, not reloaded', {}, { [LINE_LENGTH_KEY]: '20000' }],
])('%s: not proved', async (_, written, live) => {
  expect(await proveRule(host(written, live)).catch(type)).toBe('OverrideNotProved');
});

test('a limit that is no number is not guessed at', async () => {
  expect(await proveRule(host({ [LINE_LENGTH_KEY]: 'many' })).catch(type)).toBe('UnknownOutput');
});

describe('a limit that no test message can show', () => {
  const key = LINE_LENGTH_KEY;
  test.each([
    ['4194304', 'true', false],
    ['4194303', 'true', true],
    ['999999999', 'true', false],
    ['999999999', 'false', false],
    ['200', 'true', true],
    ['199', 'true', false],
    ['199', 'false', true],
    ['198', 'false', false],
  ])('%s, validation %s: can be proved: %s', async (limit, validate, provable) => {
    const one = host({ [key]: limit, [VALIDATE_KEY]: validate });
    // the probe itself says what it can deliver
    one.deliver = async (lineLength): Promise<'accepted' | 'refused'> => {
      const nowhere = { host: '127.0.0.1', port: 1, recipient: 'a@example.com', token: 't' };
      const said: unknown = await probeLineLength({ ...nowhere, lineLength }).catch(type);
      if (said !== 'HostUnavailable') throw new Error(`the probe says ${String(said)}`);
      return lineLength <= rule({ [key]: limit, [VALIDATE_KEY]: validate }) ? 'accepted' : 'refused';
    };
    expect(await proveRule(one).then(() => 'proved', type)).toBe(provable ? 'proved' : 'OverrideNotProvable');
    const why = await validatorPort(one).unprovable?.();
    if (provable) expect(why).toBeNull();
    else expect(why).toMatch(new RegExp(`is ${limit}, and test messages`));
  });

  test('is seen before it is written, and so is what is no length', async () => {
    const { unprovable } = validatorPort(host({}));
    const of = (value: string) => unprovable?.({ key, value: { set: true, value } });
    expect(await of('20000')).toBeNull();
    expect(await of('5000000')).toContain('is 5000000');
    expect(await validatorPort(host({ [key]: 'many' })).unprovable?.()).toContain('no length');
    // it goes away with the change
    expect(
      await validatorPort(host({ [key]: 'many' })).unprovable?.({ key, value: { set: false } }),
    ).toBeNull();
  });
});
