/** Who is in a room, as a client knows it: the count is always right, and nobody is named who isn't in. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event, Snapshot } from '../src/items.ts'
import { Members } from '../src/members.ts'
import { type Header, type Position, ROOM_MEMBERS_MAX, VIEW_MEMBERS_MAX } from '../src/protocol.ts'
import { ROOMS, USER } from './world.ts'

const [ROOM] = ROOMS
const CROWD = crowd(VIEW_MEMBERS_MAX + 60)
const PEER = `user:${'e'.repeat(32)}`
const KEY = `key:${'9'.repeat(32)}`

function crowd(length: number): string[] {
  return Array.from({ length }, (_, n) => `user:${n.toString(16).padStart(32, '0')}`)
}

function at(seq: number, incarnation = 1): Position {
  return { stream: ROOM, incarnation, seq }
}

function event(seq: number, type: string, header: Partial<Header> = {}): Event {
  const whole = { stream: ROOM, seq, at: seq, author: USER, type, revokes: [], erases: [], marks: {}, ...header }
  return { kind: 'event', type, header: whole, payload: null, position: at(seq) } as Event
}

function snapshot(seq: number, inside: readonly string[], incarnation = 1): Snapshot {
  const view = { members: inside.slice(0, VIEW_MEMBERS_MAX), member_count: inside.length }
  return { kind: 'snapshot', stream: ROOM, view: view as unknown as Snapshot['view'], head: seq, position: at(seq, incarnation) }
}

function shown(seq: number, inside: readonly string[]): Members {
  const members = new Members()
  members.take(snapshot(seq, inside))
  return members
}

function state(members: Members): [number | null, string[], boolean] {
  return [members.count, [...members.known].sort(), members.complete]
}

test('nothing is known before the first item', () => {
  const members = new Members()
  members.take(event(5, 'room.joined')) // whoever resumes from a position of another run has no snapshot
  assert.deepEqual(state(members), [null, [], false])
  assert.equal(members.learn(at(9), CROWD), false)
})

test('a small room is known whole from its snapshot or its first event', () => {
  assert.deepEqual(state(shown(3, [USER, PEER])), [2, [USER, PEER].sort(), true])
  for (const [author, marks, inside] of [
    [USER, {}, [USER]],
    [USER, { peer: PEER }, [USER, PEER].sort()],
    [KEY, {}, []],
  ] as const) {
    const members = new Members()
    members.take(event(1, 'room.created', { author, marks }))
    assert.deepEqual(state(members), [inside.length, inside, true])
  }
})

test('the count follows every way in and out', () => {
  const members = shown(10, CROWD)
  assert.deepEqual([members.count, members.known.size, members.complete], [CROWD.length, VIEW_MEMBERS_MAX, false])
  let count = CROWD.length
  let seq = 10
  for (const [type, header, change] of [
    ['room.joined', { author: PEER }, 1],
    ['room.posted', {}, 0],
    ['room.left', { author: CROWD[0]!, revokes: [CROWD[0]!] }, -1],
    ['room.kicked', { revokes: [CROWD.at(-1)!] }, -1],
    ['room.banned', { revokes: [CROWD.at(-2)!] }, -1],
    ['room.banned', {}, 0], // wasn't in
    ['room.user_erased', { revokes: [CROWD.at(-3)!] }, -1],
    ['room.joined', { author: CROWD[0]! }, 1],
    ['room.removed', { revokes: ['*'] }, 0], // everybody's right to listen, and nobody's membership
  ] as const) {
    count += change
    members.take(event(++seq, type, header))
    assert.equal(members.count, count, type)
  }
  members.take({ kind: 'signal', stream: ROOM, author: USER, type: 'room.typing', data: {} })
  assert.equal(members.count, count)
})

test('a page that is too old or of another history is refused', () => {
  const members = shown(10, CROWD)
  assert.equal(members.learn(at(9), CROWD), false)
  assert.equal(members.learn(at(10, 2), CROWD), false)
  assert.equal(members.known.size, VIEW_MEMBERS_MAX)
  members.take(snapshot(10, CROWD, 2))
  assert.equal(members.learn(at(10, 2), CROWD), true)
  assert.equal(members.complete, true)
})

test('of those who left so many are remembered', () => {
  const many = crowd(ROOM_MEMBERS_MAX + VIEW_MEMBERS_MAX + 2)
  const stayed = many.slice(0, VIEW_MEMBERS_MAX + 1)
  const members = shown(10, many)
  for (const [n, user] of many.slice(stayed.length).entries()) members.take(event(11 + n, 'room.left', { revokes: [user] }))
  assert.equal(members.learn(at(10), many), false) // who left first would come back
  assert.equal(members.learn(at(11), many.filter((user) => user !== many[stayed.length])), true)
  assert.deepEqual(state(members), [stayed.length, stayed, true])
})

/** Numbers that look like chance, and are the same in each run. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed + 1
  return (below) => {
    state = (state * 48271) % 0x7fffffff
    return state % below
  }
}

test('whenever pages are read, all comes out right', () => {
  for (let seed = 0; seed < 40; seed++) {
    const chance = chanceOf(seed)
    const inside = [new Set(CROWD)]
    const events: Event[] = []
    while (events.length < 120) {
      const user = CROWD[chance(CROWD.length)]!
      const now = new Set(inside.at(-1))
      const seq = events.length + 1
      events.push(now.delete(user) ? event(seq, 'room.left', { author: user, revokes: [user] }) : event(seq, 'room.joined', { author: user }))
      if (events.at(-1)?.type === 'room.joined') now.add(user)
      inside.push(now)
    }
    const members = shown(0, CROWD)
    for (const item of events) {
      members.take(item)
      const { seq } = item.header
      if (chance(10) === 0) {
        const readAt = Math.min(Math.max(seq + chance(60) - 30, 0), events.length)
        const half = chance(2)
        const page = [...inside[readAt]!].filter((user) => CROWD.indexOf(user) % 2 === half)
        assert.equal(members.learn(at(readAt), page), true)
      }
      assert.equal(members.count, inside[seq]!.size)
      if (members.complete) assert.deepEqual(new Set(members.known), inside[seq])
    }
    assert.equal(members.learn(at(events.length), inside.at(-1)!), true)
    assert.deepEqual(state(members), [inside.at(-1)!.size, [...inside.at(-1)!].sort(), true])
  }
})
