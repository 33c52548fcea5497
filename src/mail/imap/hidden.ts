/**
 * Messages that a server has and does not know of. One that was killed while it stored some finds them when it is to
 * store the next: it refuses that, and has them, without their flags (Dovecot's sdbox: `NO [SERVERBUG]`, measured). So
 * until a folder has taken something commands go there one by one, and after each refusal what it has by then is
 * compared with what is to be sent.
 */
import { Problem } from '../../failures';
import { giveFlags, isBare, type Bare } from './give-flags';
import { arrivals, endOf, type Arrival, type Mark } from './look-up';
import { keptDate, levelledDigest, type Group } from './message';
import type { ImapSessions } from './sessions';

export class HiddenMessages {
  /** What came to light, by folder and content. */
  readonly #found = new Map<string, Map<string, Arrival[]>>();
  readonly #bare = new Map<string, Bare[]>();
  /** One folder at a time can be looked into. */
  #looking: Promise<unknown> = Promise.resolve();

  constructor(private readonly sessions: ImapSessions) {}

  /**
   * After a refusal: looks at what a folder has beyond its mark, and moves the mark on.
   * @throws Problem `TargetUnavailable` when that is not said now
   */
  async look(marks: Map<string, Mark>, folder: string): Promise<void> {
    const looked = this.#looking.then(() => this.#look(marks, folder));
    this.#looking = looked.catch(() => undefined);
    return looked;
  }

  async #look(marks: Map<string, Mark>, folder: string): Promise<void> {
    const known = marks.get(folder);
    if (known === undefined) return;
    const session = await this.sessions.control();
    const now = await endOf(session, folder, this.sessions.address);
    if (now === null) return;
    if (now.validity !== known.validity) {
      const what = `The folder "${folder}" was made anew while messages were put into it`;
      throw new Problem('TargetUnavailable', `${what}.`, { folder });
    }
    if (now.next <= known.next) return;
    let { next } = now;
    const found = this.#found.get(folder) ?? new Map<string, Arrival[]>();
    for (const [digest, arrived] of await arrivals(session, known)) {
      found.set(digest, [...(found.get(digest) ?? []), ...arrived]);
      for (const { uid } of arrived) next = Math.max(next, uid + 1);
    }
    this.#found.set(folder, found);
    marks.set(folder, { ...known, next });
  }

  /** The messages of a group that did not come to light. */
  notFound(group: Group): Group {
    const folder = group[0]?.folder ?? '';
    const found = this.#found.get(folder);
    if (found === undefined) return group;
    return group.filter(({ itemId, flags, date, bytes }) => {
      const alike = found.get(levelledDigest(bytes)) ?? [];
      // one with another date is another that is the same, of a group that has not come yet
      const at = alike.findIndex((arrival) => arrival.date === keptDate(date));
      const arrival = at < 0 ? undefined : alike.splice(at, 1)[0];
      if (arrival !== undefined && isBare(arrival) && flags.length > 0) {
        this.#bare.set(folder, [...(this.#bare.get(folder) ?? []), { itemId, uid: arrival.uid, flags }]);
      }
      return arrival === undefined;
    });
  }

  /** Gives what came to light its flags. At the end of a batch: of the next nothing is taken for it. */
  async settle(note: (itemId: number, text: string) => void): Promise<void> {
    for (const [folder, bare] of this.#bare) {
      await giveFlags(await this.sessions.control(), folder, bare, note);
    }
    this.#bare.clear();
    this.#found.clear();
  }
}
