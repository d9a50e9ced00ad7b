/**
 * Plays a scenario of tests/scenarios with the TypeScript SDK, as tests/scenarios/driver.py does with the Python SDK.
 *
 * Usage: node scenario.ts steps.json. It asks for what it can't do itself with a line on stdout, gets the answer as a
 * line on stdin, and prints its history last.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import {
  type AcceptedAs,
  type Client,
  type Command,
  connect,
  type Draft,
  type HeadsFeed,
  type Item,
  Members,
  type Position,
  type PresenceFeed,
  RefusedError,
  type SentSignal,
  type Stream,
} from '@gatherup/client'

type Json = Record<string, any>

const POLICY = { backoffMinS: 0.05, backoffMaxS: 0.3 }
const stdin = createInterface({ input: process.stdin })

/** One person of the scenario, and what they saw. */
class Person {
  readonly client: Client
  readonly streams = new Map<string, Stream>()
  readonly members = new Map<string, Members>()
  readonly leftAt = new Map<string, Position | null>()
  readonly begun = new Map<string, Promise<Json>>()
  feed: HeadsFeed | null = null
  people: PresenceFeed | null = null
  /** Of the people whose presence is watched, how each is seen. */
  statuses: Record<string, string> = {}
  readonly history = {
    answers: [] as Json[],
    items: {} as Record<string, Json[]>,
    heads: [] as Json[],
    presence: [] as Json[],
    counted: [] as Json[],
  }

  constructor(client: Client) {
    this.client = client
  }

  stream(id: string): Stream {
    const stream = this.streams.get(id)
    assert(stream, `${id} isn't followed`)
    return stream
  }

  membersOf(id: string): Members {
    const members = this.members.get(id) ?? new Members()
    this.members.set(id, members)
    return members
  }
}

const names: Json = {}
const people = new Map<string, Person>()

async function ask(step: Json): Promise<Json> {
  const line = once(stdin, 'line')
  console.log(JSON.stringify({ ask: step }))
  const [answer] = await line
  return JSON.parse(answer as string)
}

async function take(step: Json): Promise<void> {
  const { keep, ...rest } = step
  const meant = meaning(rest) as Json
  if (!('by' in meant)) {
    const answer = await ask(meant)
    if ('sign_in' in meant) await signIn(meant['sign_in'], answer['url'], answer['token'])
    return
  }
  const person = people.get(meant['by'])
  assert(person)
  if ('send' in meant) check(person, meant, keep, await send(person, meant['send']))
  else if ('begin' in meant) person.begun.set(meant['as'], send(person, meant['begin']))
  else if ('settle' in meant) check(person, meant, keep, (await person.begun.get(meant['settle'])) ?? {})
  else if ('signal' in meant) person.client.signal(meant['signal'] as SentSignal)
  else if ('mark_read' in meant) person.client.markRead(meant['mark_read'], meant['number'])
  else if ('set_status' in meant) person.client.setStatus(meant['set_status'])
  else await listen(person, meant)
}

async function listen(person: Person, meant: Json): Promise<void> {
  if ('subscribe' in meant) {
    await subscribe(person, meant)
  } else if ('unsubscribe' in meant) {
    const stream = person.stream(meant['unsubscribe'])
    person.leftAt.set(stream.id, stream.position)
    stream.close()
  } else if ('see' in meant) {
    await see(person, meant['see'], meant['until'])
  } else if ('members' in meant) {
    const { by: _, members: id, ...wanted } = meant
    const { count, known, complete } = person.membersOf(id)
    const seen = { count, known: known.size, complete }
    person.history.counted.push(seen)
    assert(holds(seen, wanted), JSON.stringify(seen))
  } else if ('learn_members' in meant) {
    const { pages } = await ask({ members_of: meant['learn_members'], for: meant['by'] })
    for (const { position, members } of pages) {
      assert(person.membersOf(meant['learn_members']).learn(position, members.map(({ user }: Json) => user)))
    }
  } else {
    await watch(person, meant)
  }
}

async function watch(person: Person, meant: Json): Promise<void> {
  if ('watch_heads' in meant) {
    person.feed = await person.client.watchHeads(meant['watch_heads'])
  } else if ('see_head' in meant) {
    assert(person.feed)
    for (;;) {
      const { value } = await person.feed.next()
      assert(value && value.kind !== 'ended')
      if (holds(value, meant['see_head'])) break
    }
    person.history.heads.push(meant['see_head'])
  } else if ('watch_presence' in meant) {
    person.people = await person.client.watchPresence(meant['watch_presence'])
    person.statuses = Object.fromEntries(meant['watch_presence'].map((user: string) => [user, 'offline']))
  } else if ('see_presence' in meant) {
    assert(person.people)
    while (!isDeepStrictEqual(person.statuses, meant['see_presence'])) {
      const { value } = await person.people.next()
      assert(value?.kind === 'presence')
      person.statuses[value.user] = value.status
    }
    person.history.presence.push(meant['see_presence'])
  } else {
    assert.fail('no such step')
  }
}

async function subscribe(person: Person, meant: Json): Promise<void> {
  const id: string = meant['subscribe']
  const since = meant['resume'] ? (person.leftAt.get(id) ?? null) : null
  let outcome = 'accepted'
  try {
    person.streams.set(id, await person.client.subscribe(id, { since }))
  } catch (error) {
    assert(error instanceof RefusedError)
    outcome = error.code
  }
  person.history.answers.push({ t: 'subscribe', outcome })
  assert.equal(outcome, meant['expect'] ?? 'accepted')
}

async function see(person: Person, id: string, wanted: Json): Promise<void> {
  const items = (person.history.items[id] ??= [])
  for (;;) {
    const { value } = await person.stream(id).next()
    assert(value, 'the stream is over')
    person.membersOf(id).take(value)
    const item = written(value)
    const found = holds(item, wanted)
    // Signals come when they please: only one that is waited for is written down.
    if (found || !['signal', 'read'].includes(item['kind'])) items.push(item)
    if (found) return
  }
}

async function signIn(name: string, url: string, token: string): Promise<void> {
  const client = await connect(url, { token: async () => token, policy: POLICY })
  names[name] = client.user
  people.set(name, new Person(client))
}

async function send(person: Person, command: Json): Promise<Json> {
  const { t } = command
  try {
    const accepted: AcceptedAs<Command['t']> = await person.client.send(command as Draft)
    const { stream, seq, events, answer } = accepted
    return { t, outcome: 'accepted', stream, seq, events, answer }
  } catch (error) {
    assert(error instanceof RefusedError, String(error))
    return { t, outcome: error.code, field: error.field, retry: error.retry }
  }
}

function check(person: Person, meant: Json, keep: Record<string, string> = {}, answer: Json): void {
  person.history.answers.push(answer)
  assert.equal(answer['outcome'], meant['expect'] ?? 'accepted', JSON.stringify(answer))
  for (const [name, path] of Object.entries(keep)) {
    names[name] = path.split('.').reduce((value: any, part) => value[part], answer)
  }
}

/** An item as both drivers write it down. */
function written(item: Item): Json {
  switch (item.kind) {
    case 'event': {
      const { seq, author, marks, erases, revokes } = item.header
      const { kind, type, payload, position } = item
      return { kind, type, seq, author, marks, erases, revokes, payload, position }
    }
    case 'snapshot': {
      const { kind, view, head, position } = item
      return { kind, head, view, position }
    }
    case 'ended':
      assert(item.error instanceof RefusedError)
      return { kind: 'ended', code: item.error.code }
    default:
      return { ...item }
  }
}

/** With names replaced by what they stand for. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [meaning(key), meaning(inner)]))
  }
  return typeof value === 'string' && value.startsWith('$') ? names[value.slice(1)] : value
}

/** Whether `value` holds what `wanted` holds. */
function holds(value: any, wanted: any): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(wanted).every(([key, inner]) => key in value && holds(value[key], inner))
  )
}

const steps: Json[] = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8'))
for (const step of steps) {
  await take(step).catch((error: unknown) => {
    throw new Error(`at ${JSON.stringify(step)}`, { cause: error })
  })
}
const violations = Object.fromEntries([...people].map(([name, person]) => [name, person.client.violations]))
const history = Object.fromEntries([...people].map(([name, person]) => [name, person.history]))
for (const { client } of people.values()) client.close()
stdin.close()
console.log(JSON.stringify({ history, names, violations }))
