/** What is read is checked and completed; what can't be read is told, and what is of a later version is skipped. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import { SHAPES } from '../src/protocol.ts'
import { encodeFrame, readFrame, UnreadableError, viewWithDefaults, withDefaults } from '../src/wire.ts'
import { event, head, heads, ROOMS, subscribed, welcome } from './world.ts'

const [ROOM] = ROOMS

test('what the server leaves out is filled in', () => {
  const { limits: _, protocol: __, heartbeat_s: ___, ...short } = welcome()
  assert.deepEqual(readFrame(encode(short)), welcome())
  const { revokes: _1, erases: _2, marks: _3, ...header } = event(ROOM, 4).header
  assert.deepEqual(readFrame(encode({ ...event(ROOM, 4), header })), event(ROOM, 4))
  const { snapshot: _4, present: _5, present_count: _6, client_id: _7, ...resumed } = subscribed(ROOM, 4)
  assert.deepEqual(readFrame(encode(resumed)), subscribed(ROOM, 4))
})

test('what stands in an array is completed too', () => {
  const { peer_read: _, ...short } = head(ROOM, 1)
  assert.deepEqual(readFrame(encode({ t: 'heads', rooms: [short] })), heads(head(ROOM, 1)))
  assert.throws(() => readFrame(encode({ t: 'heads', rooms: [{}] })), UnreadableError)
  assert.throws(() => readFrame(encode({ t: 'heads', rooms: {} })), UnreadableError)
})

test('fields of a later version stay, frames of a later version are skipped', () => {
  assert.deepEqual(readFrame(encode({ ...event(ROOM, 1), later: 1 })), { ...event(ROOM, 1), later: 1 })
  assert.equal(readFrame(encode({ t: 'later' })), null)
  assert.equal(readFrame(encode({ t: 'Header' })), null)
  assert.equal(readFrame(encode({ t: 'constructor' })), null)
})

test('an old payload gets the fields that are younger than it', () => {
  assert.deepEqual(withDefaults('room.created', { name: 'x', access: 'group' }), { name: 'x', access: 'group', history: true })
  assert.deepEqual(withDefaults('later.one', { x: 1 }), { x: 1 })
  assert.equal(withDefaults('room.created', null), null)
})

test('the view of an older server gets the fields that are younger than it', () => {
  assert.deepEqual(viewWithDefaults(ROOM, { members: ['x'], role: 'owner' }), { members: ['x'], member_count: 0, role: 'owner' })
  assert.deepEqual(viewWithDefaults('later:1', { x: 1 }), { x: 1 })
  assert.equal(viewWithDefaults(ROOM, null), null)
})

for (const [why, data] of [
  ['no MessagePack', Uint8Array.of(0xc1)],
  ['cut short', encode(welcome()).slice(0, -1)],
  ['more than one value', Uint8Array.of(0x01, 0x01)],
  ['no map', encode([1])],
  ['without a type', encode({ seq: 1 })],
  ['a missing field', encode({ t: 'unknown' })],
  ['a field of another type', encode({ ...subscribed(ROOM, 1), seq: '1' })],
  ['a null where none may be', encode({ ...subscribed(ROOM, 1), seq: null })],
  ['an inner map that is none', encode({ ...event(ROOM, 1), header: 1 })],
  ['an inner field that is missing', encode({ ...event(ROOM, 1), header: { stream: ROOM } })],
  ['a heartbeat of no time', encode(welcome({ heartbeat_s: 0 }))],
  ['a pace that is no number', encode(welcome({ limits: { commands_per_s: Number.NaN } }))],
  ['a window of none', encode(welcome({ limits: { inflight_commands_max: 0 } }))],
  ['an endless wait', encode({ t: 'unknown', client_id: 'x', retry_after_s: Infinity })],
] as const) {
  test(`${why} can't be read`, () => {
    assert.throws(() => readFrame(data), UnreadableError)
  })
}

test('what is undefined is not sent', () => {
  const frame = { t: 'room.join', client_id: 'x', stream: ROOM, invite: undefined }
  assert.deepEqual(decode(encodeFrame(frame as never)), { t: 'room.join', client_id: 'x', stream: ROOM })
})

test('every frame that a server sends has its shape', () => {
  const frames = ['accepted', 'event', 'goodbye', 'heads', 'refused', 'signal', 'subscribed', 'unknown', 'unsubscribed', 'welcome']
  for (const name of frames) assert(SHAPES[name], name)
})
