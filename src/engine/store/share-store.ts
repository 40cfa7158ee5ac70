/**
 * The shares of this computer, with ids that stay the same as long as name and target do, so that
 * forwards on other computers find them again.
 *
 * Invariant: no older version of the file is left after a change; it could give back access that
 * was taken away.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { AccessSchema } from '../../shared/contract.ts';
import { SHARES_RETIRED_MAX } from '../../shared/limits.ts';
import { formatTarget } from '../../shared/target.ts';
import type { Target } from '../../shared/target.ts';
import type { Loaded } from './durable-file.ts';
import { DurableFile } from './durable-file.ts';
import type { StoreOptions } from './settings-store.ts';

/** 128 random bits: beyond guessing. */
const SHARE_ID_BYTES = 16;

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const TargetSchema = v.object({
  host: v.union([v.literal('loopback'), v.object({ name: v.string() })]),
  port,
});

const ShareSchema = v.object({
  /** 32 hexadecimal digits. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  name: v.string(),
  target: TargetSchema,
  access: AccessSchema,
  /** `allow-lan`: a person said that the target may be on another computer. */
  lan: v.picklist(['this-computer', 'allow-lan']),
  /** `kept`: comes back with the daemon. `command`: only remembered, for its id. */
  lifetime: v.picklist(['kept', 'command']),
  /** A person has paused it. @default false */
  paused: v.exactOptional(v.boolean()),
});

/** What is left of a share that was removed: who shares the same again is found by the same forwards. */
const RetiredSchema = v.object({
  id: ShareSchema.entries.id,
  name: v.string(),
  target: v.string(),
});
type Retired = v.InferOutput<typeof RetiredSchema>;

export type ShareRecord = Readonly<v.InferOutput<typeof ShareSchema>>;

const FileSchema = v.object({
  shares: v.array(ShareSchema),
  /** `paused`: none of them is offered. */
  sharing: v.optional(v.picklist(['on', 'paused']), 'on'),
  /** Oldest first. */
  retired: v.optional(v.array(RetiredSchema), []),
});
type Content = v.InferOutput<typeof FileSchema>;

/** A new random id. */
export function createShareId(): string {
  return randomBytes(SHARE_ID_BYTES).toString('hex');
}

/** Shares in `shares.json`. Every change is on the disk before it returns, or throws `E_DATA_DIR`. */
export class ShareStore {
  readonly loaded: Loaded<Content>;
  readonly #file: DurableFile<Content>;
  #shares: ReadonlyMap<string, ShareRecord>;
  #sharing: Content['sharing'];
  #retired: readonly Retired[];

  /** Throws what `DurableFile.load` throws. */
  constructor({ folder, access, fileSystem }: StoreOptions) {
    this.#file = new DurableFile<Content>({
      path: join(folder, 'shares.json'),
      schema: FileSchema,
      encode: (content) => content,
      empty: { shares: [], sharing: 'on', retired: [] },
      privacy: 'plain',
      access,
      fileSystem,
      words: {
        subject: 'Shares',
        recovered: 'Your devices are safe. The shares saved before are used.',
        lost: 'Your devices are safe. Share again what you need.',
      },
    });
    this.loaded = this.#file.load();
    this.#shares = new Map(this.loaded.value.shares.map((share) => [share.id, share]));
    this.#sharing = this.loaded.value.sharing;
    this.#retired = this.loaded.value.retired;
  }

  get sharing(): Content['sharing'] {
    return this.#sharing;
  }

  /** Pauses all shares, or lets them go on. */
  setSharing(sharing: Content['sharing']): void {
    this.#save(this.#shares, { sharing });
  }

  /** In the order they were first put. */
  all(): readonly ShareRecord[] {
    return [...this.#shares.values()];
  }

  get(id: string): ShareRecord | undefined {
    return this.#shares.get(id);
  }

  /** The share that had this name and target. */
  findFor(target: Target, name: string): ShareRecord | undefined {
    const wanted = formatTarget(target);
    return this.all().find((share) => share.name === name && formatTarget(share.target) === wanted);
  }

  /** The id of a share with this name and target, also of one that was removed. */
  idFor(target: Target, name: string): string | undefined {
    const wanted = formatTarget(target);
    const retired = this.#retired.findLast(
      (share) => share.name === name && share.target === wanted,
    );
    return this.findFor(target, name)?.id ?? retired?.id;
  }

  /** Adds a share, or replaces the one with its id. */
  put(share: ShareRecord): void {
    this.#save(new Map(this.#shares).set(share.id, share));
  }

  /** An unknown id is fine. */
  remove(id: string): void {
    const rest = new Map(this.#shares);
    const removed = rest.get(id);
    if (removed === undefined) return;
    rest.delete(id);
    const { name, target } = removed;
    const others = this.#retired.filter((share) => share.id !== id);
    const retired = [...others, { id, name, target: formatTarget(target) }];
    this.#save(rest, { retired: retired.slice(-SHARES_RETIRED_MAX) });
  }

  #save(shares: ReadonlyMap<string, ShareRecord>, change: Partial<Content> = {}): void {
    const { sharing = this.#sharing, retired = [...this.#retired] } = change;
    this.#file.saveOver({ shares: [...shares.values()], sharing, retired });
    this.#shares = shares;
    this.#sharing = sharing;
    this.#retired = retired;
  }
}
