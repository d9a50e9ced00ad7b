/** The gathering's methods: each command has one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AcceptedAs, Client, Draft } from '../src/client.ts'
import { Gathering } from '../src/gathering.ts'
import type { Commands } from '../src/protocol.ts'
import { USER } from './world.ts'

const FAIR = `gathering:${'1'.repeat(32)}`
const CUP = `tournament:${'2'.repeat(32)}`

type Tag = Exclude<Extract<keyof Commands, `gathering.${string}`>, 'gathering.create'>

/** How each command's method is called, and what it then sends. A command without a row doesn't compile. */
const CALLS: { readonly [T in Tag]: readonly [(fair: Gathering) => Promise<unknown>, object] } = {
  'gathering.change': [(fair) => fair.change({ name: 'Fair', closes_at: 0 }), { name: 'Fair', closes_at: 0 }],
  'gathering.set_staff': [(fair) => fair.setStaff(USER, 'organiser'), { user: USER, role: 'organiser' }],
  'gathering.transfer': [(fair) => fair.transfer(USER), { user: USER }],
  'gathering.remove': [(fair) => fair.remove(), {}],
  'gathering.restore': [(fair) => fair.restore(), {}],
  'gathering.open_registration': [(fair) => fair.openRegistration(), {}],
  'gathering.open_check_in': [(fair) => fair.openCheckIn(), {}],
  'gathering.close': [(fair) => fair.close(), {}],
  'gathering.cancel': [(fair) => fair.cancel('rain'), { reason: 'rain' }],
  'gathering.attach': [(fair) => fair.attach(CUP), { tournament: CUP }],
  'gathering.detach': [(fair) => fair.detach(CUP), { tournament: CUP }],
  'gathering.register': [(fair) => fair.register([CUP]), { tournaments: [CUP] }],
  'gathering.choose': [(fair) => fair.choose([CUP]), { tournaments: [CUP] }],
  'gathering.check_in': [(fair) => fair.checkIn(7), { player: 7 }],
  'gathering.withdraw': [(fair) => fair.withdraw(), {}],
  'gathering.remove_player': [
    (fair) => fair.removePlayer(7, { bar: true, reason: 'x' }),
    { player: 7, bar: true, reason: 'x' },
  ],
}

/** Takes everything. */
class Speaker {
  readonly sent: object[] = []

  async send<const C extends Draft>(draft: C): Promise<AcceptedAs<C['t']>> {
    this.sent.push(draft)
    return { t: 'accepted', client_id: '', stream: FAIR, seq: 4, events: 1, duplicate: false, answer: null } as never
  }

  subscribe(): never {
    throw new Error('not here')
  }
}

for (const [tag, [call, fields]] of Object.entries(CALLS)) {
  test(`${tag} has a method`, async () => {
    const speaker = new Speaker()
    await call(new Gathering(speaker, FAIR))
    assert.deepEqual(speaker.sent, [{ t: tag, stream: FAIR, ...fields }])
  })
}

test('every method is tried', () => {
  const methods = Object.getOwnPropertyNames(Gathering.prototype).filter((name) => name !== 'constructor')
  const called = new Set(Object.values(CALLS).map(([call]) => /fair\.(\w+)/.exec(String(call))?.[1]))
  assert.deepEqual(methods.filter((name) => !called.has(name)), ['subscribe'])
})

test('a gathering is made with its settings', async () => {
  const speaker = new Speaker()
  const fair = await Gathering.create(speaker as unknown as Client, 'Fair', { players_max: 8 })
  assert.equal(fair.id, FAIR)
  assert.deepEqual(speaker.sent, [{ t: 'gathering.create', name: 'Fair', players_max: 8 }])
})
