/** The methods of a series: each command has one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AcceptedAs, Client, Draft } from '../src/client.ts'
import type { Commands } from '../src/protocol.ts'
import { Series } from '../src/series.ts'
import { USER } from './world.ts'

const WEEKLY = `series:${'1'.repeat(32)}`
const CUP = `tournament:${'2'.repeat(32)}`

type Tag = Exclude<Extract<keyof Commands, `series.${string}`>, 'series.create'>

/** How each command's method is called, and what it then sends. A command without a row doesn't compile. */
const CALLS: { readonly [T in Tag]: readonly [(weekly: Series) => Promise<unknown>, object] } = {
  'series.change': [(weekly) => weekly.change({ name: 'Weekly', best: 3 }), { name: 'Weekly', best: 3 }],
  'series.set_staff': [(weekly) => weekly.setStaff(USER, 'referee'), { user: USER, role: 'referee' }],
  'series.transfer': [(weekly) => weekly.transfer(USER), { user: USER }],
  'series.cancel': [(weekly) => weekly.cancel(), {}],
  'series.remove': [(weekly) => weekly.remove(), {}],
  'series.restore': [(weekly) => weekly.restore(), {}],
  'series.add_tournament': [(weekly) => weekly.add(CUP), { tournament: CUP }],
  'series.drop_tournament': [(weekly) => weekly.drop(CUP), { tournament: CUP }],
}

/** Takes everything. */
class Speaker {
  readonly sent: object[] = []

  async send<const C extends Draft>(draft: C): Promise<AcceptedAs<C['t']>> {
    this.sent.push(draft)
    return { t: 'accepted', client_id: '', stream: WEEKLY, seq: 4, events: 1, duplicate: false, answer: null } as never
  }

  subscribe(): never {
    throw new Error('not here')
  }
}

for (const [tag, [call, fields]] of Object.entries(CALLS)) {
  test(`${tag} has a method`, async () => {
    const speaker = new Speaker()
    await call(new Series(speaker, WEEKLY))
    assert.deepEqual(speaker.sent, [{ t: tag, stream: WEEKLY, ...fields }])
  })
}

test('every method is tried', () => {
  const methods = Object.getOwnPropertyNames(Series.prototype).filter((name) => name !== 'constructor')
  const called = new Set(Object.values(CALLS).map(([call]) => /weekly\.(\w+)/.exec(String(call))?.[1]))
  assert.deepEqual(methods.filter((name) => !called.has(name)), ['subscribe'])
})

test('a series is made with its settings', async () => {
  const speaker = new Speaker()
  const weekly = await Series.create(speaker as unknown as Client, 'Weekly', { points: [3, 1] })
  assert.equal(weekly.id, WEEKLY)
  assert.deepEqual(speaker.sent, [{ t: 'series.create', name: 'Weekly', points: [3, 1] }])
})
