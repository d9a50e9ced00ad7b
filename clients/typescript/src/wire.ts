/** Frames to messages and back, in MessagePack. What is read is checked, and completed where the server left out. */

import { decode, Encoder } from '@msgpack/msgpack'
import { type ClientFrame, type Commands, PAYLOAD_DEFAULTS, type ServerFrame, SHAPES, type Signals, VIEW_DEFAULTS } from './protocol.ts'

/** Any durable command, those of kinds of one's own included. */
export type Command = Commands[keyof Commands]
/** Any ephemeral signal. */
export type SentSignal = Signals[keyof Signals]
/** What may be sent. */
export type SentFrame = ClientFrame | Command | SentSignal

/** Bytes that no sound server sends. */
export class UnreadableError extends Error {}

type Fields = Record<string, unknown>

const FRAMES = new Set(Object.keys(SHAPES).filter((name) => name.toLowerCase() === name))
/** Half a surrogate pair, as cutting an emoji in two makes one: no UTF-8 holds it. */
const HALF = /\p{Surrogate}/u
const encoder = new Encoder({ ignoreUndefined: true })

/** A client frame of any kind, the user's own included. */
export function encodeFrame(frame: SentFrame): Uint8Array<ArrayBuffer> {
  return encoder.encode(frame)
}

/** The field whose text can't be sent, for it isn't whole characters; null if all can. */
export function garbledField(frame: SentFrame): string | null {
  return Object.entries(frame).find(([, value]) => isGarbled(value))?.[0] ?? null
}

function isGarbled(value: unknown): boolean {
  if (typeof value === 'string') return HALF.test(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(isGarbled)
}

/** A server frame; null for one of a later version, to be skipped. Throws UnreadableError. */
export function readFrame(data: Uint8Array): ServerFrame | null {
  const value = decoded(data)
  if (!isMap(value) || typeof value['t'] !== 'string') throw new UnreadableError('a message without a type')
  if (!FRAMES.has(value['t'])) return null
  const frame = completed(value, value['t']) as unknown as ServerFrame
  checkNumbers(frame)
  return frame
}

/** An event's payload with the fields that are younger than the event. */
export function withDefaults(type: string, payload: unknown): unknown {
  return isMap(payload) ? { ...PAYLOAD_DEFAULTS[type], ...payload } : payload
}

/** A snapshot's view with the fields that are younger than the server. */
export function viewWithDefaults(stream: string, view: unknown): unknown {
  return isMap(view) ? { ...VIEW_DEFAULTS[stream.split(':')[0] ?? ''], ...view } : view
}

function decoded(data: Uint8Array): unknown {
  try {
    return decode(data)
  } catch (error) {
    throw new UnreadableError(String(error))
  }
}

function completed(value: unknown, name: string): Fields {
  if (!isMap(value)) throw new UnreadableError(`${name} is no map`)
  const whole: Fields = { ...value }
  for (const [field, rule] of Object.entries(SHAPES[name] ?? {})) {
    const [outer = '', inner] = rule[0].split('@')
    const given = value[field]
    if (given === undefined) {
      if (rule.length === 1) throw new UnreadableError(`${name}.${field} is missing`)
      whole[field] = rule[1]
    } else if (inner === undefined) {
      if (!outer.includes('*') && !outer.includes(letterOf(given))) {
        throw new UnreadableError(`${name}.${field} is of another type`)
      }
    } else if (outer === 'a') {
      if (!Array.isArray(given)) throw new UnreadableError(`${name}.${field} is no array`)
      whole[field] = given.map((one) => completed(one, inner))
    } else {
      whole[field] = completed(given, inner)
    }
  }
  return whole
}

/** The letter of a value's type, as in SHAPES. */
function letterOf(value: unknown): string {
  if (value === null) return '0'
  if (Array.isArray(value)) return 'a'
  return (typeof value).charAt(0)
}

/** Throws for times and rates that nobody can keep to, such as NaN. */
function checkNumbers(frame: ServerFrame): void {
  let sound = true
  if (frame.t === 'welcome') {
    const { commands_per_s, commands_burst, inflight_commands_max, signals_per_s } = frame.limits
    sound =
      [frame.heartbeat_s, commands_per_s, signals_per_s].every((value) => value > 0 && Number.isFinite(value)) &&
      commands_burst >= 1 &&
      Number.isFinite(commands_burst) &&
      inflight_commands_max >= 1
  } else if (frame.t === 'refused' || frame.t === 'unknown' || frame.t === 'goodbye') {
    const wait = frame.retry_after_s ?? 0
    sound = wait >= 0 && Number.isFinite(wait)
  }
  if (!sound) throw new UnreadableError(`a number of ${frame.t} is out of range`)
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
