/**
 * What one process can ask of the Porthole that keeps everything (`porthole up`, later the desktop
 * app): every call with its parameters, the events it tells meanwhile, what it takes meanwhile, and
 * its result. Client, server and handlers derive their types from this one literal.
 *
 * Invariant: everything is plain JSON and is validated where it arrives; a peer is named by its
 * short device id, its name or the beginning of its id, a share by its id, name or port.
 */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const nothing = v.strictObject({});

/** Who may use a share: every paired device but some, or chosen ones. By device id, whole. */
export const AccessSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('everyone'), except: v.array(text) }),
  v.strictObject({ kind: v.literal('chosen'), peers: v.array(text) }),
]);
export type Access = v.InferOutput<typeof AccessSchema>;

/** `unknown` until the first probe. */
const HealthSchema = v.picklist(['unknown', 'up', 'down']);
export type Health = v.InferOutput<typeof HealthSchema>;

const ShareViewSchema = v.strictObject({
  /** 32 hexadecimal digits. */
  id: text,
  name: text,
  /** As a person writes it. */
  target: text,
  access: AccessSchema,
  health: HealthSchema,
  /** `stopped`: stored, and offered again by the next command that shares it. */
  state: v.picklist(['live', 'stopped']),
});
export type ShareView = v.InferOutput<typeof ShareViewSchema>;

const PeerViewSchema = v.strictObject({
  /** Short device id. */
  id: text,
  name: text,
  /** ISO 8601. */
  pairedAt: text,
  lastSeen: v.nullable(text),
  /**
   * `held`: nothing connects the two right now, and open connections wait. `removed`: that device has
   * forgotten this one.
   */
  state: v.picklist(['offline', 'connecting', 'up', 'held', 'removed']),
  path: v.nullable(text),
  roundTripMs: v.nullable(v.number()),
});
export type PeerView = v.InferOutput<typeof PeerViewSchema>;

const ForwardViewSchema = v.strictObject({
  /** Id of the share. */
  share: text,
  name: text,
  /** `127.0.0.1:PORT`. */
  local: text,
  /** Short device id. */
  peer: text,
  peerName: text,
  /** Port of the target on its own computer. */
  sharedPort: port,
  /** Why the local port is what it is. */
  why: v.picklist(['same-port', 'asked-for', 'taken', 'privileged', 'own-target']),
  /**
   * `waiting`: the peer is offline or does not offer it; connections are reset at once. `down`: as
   * `live`, but the peer says that nothing answers there now; connections are tried all the same.
   */
  state: v.picklist(['live', 'down', 'waiting']),
});
export type ForwardView = v.InferOutput<typeof ForwardViewSchema>;

const StatusViewSchema = v.strictObject({
  pid: v.number(),
  version: text,
  /** Short device id of this computer. */
  device: text,
  deviceName: text,
  /** Connections open through this process now. */
  connections: v.number(),
  shares: v.array(ShareViewSchema),
  forwards: v.array(ForwardViewSchema),
  peers: v.array(PeerViewSchema),
});
export type StatusView = v.InferOutput<typeof StatusViewSchema>;

const linkState = v.picklist(['connecting', 'up', 'held', 'closed']);

/** What happens in an engine, for logs and for whoever shows it. */
const EngineEventSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('link'),
    peer: text,
    peerName: text,
    state: linkState,
    path: text,
    /** Why it closed; empty when this side ended it, or it did not close. */
    reason: text,
  }),
  v.strictObject({ kind: v.literal('paired'), peer: text, peerName: text }),
  v.strictObject({ kind: v.literal('forward'), forward: ForwardViewSchema }),
  v.strictObject({ kind: v.literal('forward-closed'), share: text, local: text, peer: text }),
  /** The peer turned a connection of ours down. */
  v.strictObject({ kind: v.literal('refused'), peer: text, peerName: text, code: text }),
  v.strictObject({
    kind: v.literal('health'),
    share: text,
    name: text,
    target: text,
    health: HealthSchema,
  }),
  v.strictObject({
    kind: v.literal('notice'),
    level: v.picklist(['info', 'warn', 'error']),
    /** Error code, or empty. */
    code: text,
    text,
  }),
]);
export type EngineEvent = v.InferOutput<typeof EngineEventSchema>;

/** What happens on the way to a new peer. */
const PairingEventSchema = v.variant('kind', [
  /** A link, or with `offline` an offer blob: a secret, show it only to the person who asked. */
  v.strictObject({
    kind: v.literal('invite'),
    mode: v.picklist(['online', 'offline']),
    link: text,
    expiresAt: text,
  }),
  /** The answer blob to an offline offer, to be carried back. */
  v.strictObject({ kind: v.literal('answer'), blob: text }),
  v.strictObject({ kind: v.literal('connecting'), peer: text, peerName: text }),
  /** Six digits, as both sides must see them. */
  v.strictObject({ kind: v.literal('compare'), digits: text, peer: text, peerName: text }),
  v.strictObject({ kind: v.literal('warning'), text }),
]);
export type PairingEvent = v.InferOutput<typeof PairingEventSchema>;

const PairingInputSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('verdict'), match: v.boolean() }),
  v.strictObject({ kind: v.literal('answer'), blob: text }),
]);
export type PairingInput = v.InferOutput<typeof PairingInputSchema>;

const LogEntrySchema = v.strictObject({
  /** ISO 8601. */
  at: text,
  level: v.picklist(['info', 'warn', 'error']),
  text,
});
export type LogEntry = v.InferOutput<typeof LogEntrySchema>;

const none = v.never();
const trust = v.picklist(['compare', 'trust-invite']);

export const CONTRACT = {
  status: { params: nothing, event: none, input: none, result: StatusViewSchema },
  share: {
    params: v.strictObject({
      target: text,
      name: v.nullable(text),
      /** Chosen peers; empty for all paired devices. */
      peers: v.array(text),
      lan: v.picklist(['this-computer', 'allow-lan']),
    }),
    event: none,
    input: none,
    result: ShareViewSchema,
  },
  unshare: {
    params: v.strictObject({ share: text }),
    event: none,
    input: none,
    result: ShareViewSchema,
  },
  grant: {
    params: v.strictObject({ peer: text, share: text }),
    event: none,
    input: none,
    result: v.strictObject({ peer: PeerViewSchema, share: ShareViewSchema }),
  },
  revoke: {
    params: v.strictObject({ peer: text, share: text }),
    event: none,
    input: none,
    result: v.strictObject({ peer: PeerViewSchema, share: ShareViewSchema }),
  },
  forget: {
    params: v.strictObject({ peer: text }),
    event: none,
    input: none,
    result: PeerViewSchema,
  },
  connect: {
    params: v.strictObject({ peer: text, share: text, localPort: v.nullable(port) }),
    event: none,
    input: none,
    result: ForwardViewSchema,
  },
  disconnect: {
    /** Local address, local port, share name or share id of a forward. */
    params: v.strictObject({ forward: text }),
    event: none,
    input: none,
    result: ForwardViewSchema,
  },
  /** Makes an invite and waits for the one device that uses it. */
  invite: {
    params: v.strictObject({
      mode: v.picklist(['online', 'offline']),
      trust,
      /** Id of a share to grant to the new peer. */
      grant: v.nullable(text),
    }),
    event: PairingEventSchema,
    input: PairingInputSchema,
    result: PeerViewSchema,
  },
  /** Pairs with the device a link or an offer blob came from; its shares become forwards. */
  join: {
    params: v.strictObject({ code: text, trust, localPort: v.nullable(port) }),
    event: PairingEventSchema,
    input: PairingInputSchema,
    result: PeerViewSchema,
  },
  /** Never ends by itself. */
  follow: { params: nothing, event: EngineEventSchema, input: none, result: none },
  /** What happened lately; until `cancelled` it goes on. */
  logs: {
    params: v.strictObject({ until: v.picklist(['now', 'cancelled']) }),
    event: LogEntrySchema,
    input: none,
    result: nothing,
  },
} as const satisfies Record<string, CallSchema>;

interface CallSchema {
  readonly params: v.GenericSchema;
  readonly event: v.GenericSchema;
  readonly input: v.GenericSchema;
  readonly result: v.GenericSchema;
}

export type CallName = keyof typeof CONTRACT;
export type CallParams<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['params']>;
export type CallEvent<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['event']>;
export type CallInput<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['input']>;
export type CallResult<Name extends CallName> = v.InferOutput<(typeof CONTRACT)[Name]['result']>;
