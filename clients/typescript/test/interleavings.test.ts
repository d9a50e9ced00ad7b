/** Whatever a network does, every command gets one true outcome and every stream one order. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RefusedError } from '../src/errors.ts'
import { clientId, type Fault, ROOMS, World } from './world.ts'

const SEEDS = 6000
const FAULTS: readonly Fault[] = ['none', 'none', 'none', 'refuse', 'unknown before', 'unknown after']
const KINDS = [
  'post',
  'others',
  'serve',
  'hear',
  'round',
  'lost',
  'cut',
  'connect',
  'drop',
  'stray',
  'read',
  'wait',
  'watch',
  'mark',
  'kick',
] as const

/** mulberry32: small, and the same on every platform. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) % limit
  }

  of<T>(some: readonly T[]): T {
    const one = some[this.below(some.length)]
    assert(one !== undefined)
    return one
  }
}

function step(world: World, number: number, dice: Dice): void {
  const room = dice.of(ROOMS)
  switch (dice.of(KINDS)) {
    case 'post':
      if (dice.below(2) === 0 && number % 4 === 0) world.server.condemned.add(clientId(number))
      world.post(number, room)
      break
    case 'others':
      for (let n = dice.below(30); n >= 0; n--) world.server.log(room).push('somebody')
      world.toClient.push(...world.server.news())
      break
    case 'serve':
      world.serve(dice.of(FAULTS))
      break
    case 'hear':
      world.hear(1 + dice.below(3))
      break
    case 'round': {
      const [fault, times] = [dice.of(FAULTS), 1 + dice.below(2)]
      world.connect()
      while (world.toServer.length > 0 || world.toClient.length > 0) {
        world.serve(fault)
        world.hear(times)
      }
      break
    }
    case 'lost': // the server took everything, and no answer came back
      world.post(number, room)
      while (world.toServer.length > 0) world.serve()
      world.drop()
      break
    case 'cut': // the server took some frames, and not all answers came back
      for (let n = dice.below(5); n > 0; n--) world.serve()
      for (let n = dice.below(5); n > 0; n--) world.hear()
      world.drop()
      break
    case 'connect':
      world.connect()
      break
    case 'drop':
      world.drop()
      break
    case 'stray':
      world.serveStray()
      break
    case 'read':
      world.read()
      break
    case 'wait':
      world.wait(dice.of([0.1, 1, 5]))
      break
    case 'watch':
      world.watch(dice.of([[], ROOMS.slice(0, 1), ROOMS]))
      break
    case 'kick':
      if (dice.below(3) > 0) break
      world.server.left.add(room)
      world.toClient.push(...world.server.news())
      break
    case 'mark':
      world.mark(room, 1 + dice.below(9))
      break
  }
}

function check(world: World): void {
  assert.equal(world.client.violations, 0)
  for (const who of world.issued) {
    const outcomes = world.settled.get(who) ?? []
    assert.equal(outcomes.length, 1, `${who} settled once`)
    const [outcome] = outcomes
    const posted = ROOMS.map((room) => world.server.log(room).filter((entry) => entry === who).length)
    const times = posted.reduce((a, b) => a + b)
    if (world.server.condemned.has(who)) {
      assert(outcome instanceof RefusedError)
      assert.equal(times, 0)
    } else if (outcome instanceof RefusedError) {
      assert(outcome.retry)
      assert.equal(times, 0, 'refused, and yet it happened')
    } else {
      assert(outcome && 'seq' in outcome && outcome.stream !== null && outcome.seq !== null)
      assert.equal(times, 1)
      assert.equal(world.server.log(outcome.stream)[outcome.seq - 1], who)
    }
  }
  for (const [, seqs] of world.seen) {
    for (const [index, after] of seqs.entries()) {
      const before = seqs[index - 1]
      if (before === undefined) continue
      const stood = before >= 0 ? before : -before - 1
      assert(after === stood + 1 || (after < 0 && -after - 1 >= stood), `${after} after ${before}`)
    }
  }
  for (const room of ROOMS) assert((world.server.read.get(room) ?? 0) <= (world.marks.get(room) ?? 0))
  assert(world.caughtUp())
}

test('any interleaving', () => {
  let refusals = 0
  let snapshots = 0
  let gone = 0
  for (let seed = 0; seed < SEEDS; seed++) {
    const dice = new Dice(seed)
    const world = new World({ bufferItemsMax: 6, refusedRetryForS: dice.of([0, 3, 1e6]) })
    for (const room of ROOMS) world.do(world.client.follow(room, null, world.now))
    try {
      for (let number = 10 + dice.below(71); number > 0; number--) step(world, number, dice)
      world.settleDown()
      check(world)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
    for (const outcomes of world.settled.values()) refusals += outcomes[0] instanceof RefusedError ? 1 : 0
    gone += [...world.heads.values()].filter((told) => told === 'gone').length
    for (const seqs of world.seen.values()) snapshots += seqs.filter((seq) => seq < 0).length
  }
  assert(refusals > SEEDS / 10 && snapshots > 2 * SEEDS && gone > SEEDS / 10, 'the search reaches what it is for')
})
