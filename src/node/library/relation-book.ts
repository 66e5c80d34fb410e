import { z } from 'zod'
import {
  changeRelation,
  MAX_WANTED_COPIES,
  MIN_WANTED_COPIES,
  NO_RELATION,
  type PackageName,
  type Pattern,
  type PublisherId,
  parsePattern,
  parsePublisherId,
  type Relation,
  type RelationChange,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'

const patternSchema = z.string().transform((text, context) => {
  const parsed = parsePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue('not a pattern')
  return z.NEVER
})
const publisherSchema = z.string().transform((text, context) => {
  try {
    return parsePublisherId(text)
  } catch {
    context.addIssue('not a publisher id')
    return z.NEVER
  }
})
const relationSchema = z.strictObject({
  follow: z.boolean(),
  allow: z.union([z.enum(['none', 'any']), z.array(patternSchema)]),
  origin: z.boolean().default(false),
  mirror: z.boolean(),
  /** Only where it is chosen, so that a version that does not know it reads the others. */
  copies: z.exactOptional(z.int().min(MIN_WANTED_COPIES).max(MAX_WANTED_COPIES)),
  block: z.boolean(),
})
const schema = z.strictObject({
  version: z.literal(1),
  relations: z.record(publisherSchema, relationSchema),
  names: z.record(z.string(), publisherSchema),
  pins: z.record(z.string(), publisherSchema),
  /** Only where it is true, so that a version that does not know it reads the others. */
  everything: z.literal(true).optional(),
})
type BookDocument = z.output<typeof schema>

const NAME = /^[a-z][a-z0-9-]{0,63}$/

/** Told of a relation before and after a change. */
export type RelationListener = (publisher: PublisherId, before: Relation, after: Relation) => void

/** The operator's decisions about publishers: relations, local names, and which publisher a bare name was first installed from. */
export class RelationBook {
  readonly #path: string
  #relations: ReadonlyMap<PublisherId, Relation>
  #names: ReadonlyMap<string, PublisherId>
  #pins: ReadonlyMap<PackageName, PublisherId>
  #pinned: ReadonlySet<PublisherId>
  #everything: boolean
  #last: Promise<unknown> = Promise.resolve()
  readonly #listeners = new Set<RelationListener>()

  private constructor(path: string, document: BookDocument) {
    this.#path = path
    this.#relations = new Map(Object.entries(document.relations) as [PublisherId, Relation][])
    this.#names = new Map(Object.entries(document.names) as [string, PublisherId][])
    this.#pins = new Map(Object.entries(document.pins) as [PackageName, PublisherId][])
    this.#pinned = new Set(this.#pins.values())
    this.#everything = document.everything ?? false
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE: what a person decided is never dropped unasked */
  static async open(path: string): Promise<RelationBook> {
    const found = await readJsonFile(path, schema as z.ZodType<BookDocument>)
    return new RelationBook(path, found ?? { version: 1, relations: {}, names: {}, pins: {} })
  }

  relationOf(publisher: PublisherId): Relation {
    return this.#relations.get(publisher) ?? NO_RELATION
  }

  /** Publishers with any relation. */
  known(): readonly PublisherId[] {
    return [...this.#relations.keys()]
  }

  /** Whether whoever publishes in public is followed, within quotas. */
  get followsEverything(): boolean {
    return this.#everything
  }

  /** Durable when it resolves. */
  async followEverything(everything: boolean): Promise<void> {
    await this.#serially(() => this.#save(this.#relations, this.#names, this.#pins, everything))
  }

  /** Whether any bare name means this publisher here. */
  isPinned(publisher: PublisherId): boolean {
    return this.#pinned.has(publisher)
  }

  pinOf(name: PackageName): PublisherId | null {
    return this.#pins.get(name) ?? null
  }

  /** Local names of publishers; another map after they changed. */
  names(): ReadonlyMap<string, PublisherId> {
    return this.#names
  }

  /** The local name of a publisher, or null. */
  localNameOf(publisher: PublisherId): string | null {
    for (const [name, id] of this.#names) if (id === publisher) return name
    return null
  }

  /** What people here call a publisher: its local name, else its id. */
  nameOf(publisher: PublisherId): string {
    return this.localNameOf(publisher) ?? publisher
  }

  /** Reads PUBLISHER as typed: a local name or an id (FORMAT section 4). @throws NodeError E_PUBLISHER */
  resolve(text: string): PublisherId {
    const named = this.#names.get(text)
    if (named !== undefined) return named
    const shown = text.slice(0, 80)
    if (text.startsWith('bafy')) {
      const id = publisherSchema.safeParse(text)
      if (id.success) return id.data
      throw new NodeError('E_PUBLISHER', `${shown} is not a whole publisher id`, {
        hint: 'copy all of it (bafy…): hanse status prints it at the publisher’s own node',
      })
    }
    if (text.includes('.')) {
      throw new NodeError(
        'E_PUBLISHER',
        `${shown} is a domain, and this version does not look publishers up by domain`,
        {
          hint: 'use the publisher’s id (bafy…), which hanse status prints at its own node',
        },
      )
    }
    if (text.startsWith('12D3KooW')) {
      throw new NodeError('E_PUBLISHER', `${shown} is a peer id, which names a node and no publisher`, {
        hint: 'hanse status on that node prints the id of its publisher: bafy…',
      })
    }
    throw new NodeError('E_PUBLISHER', `no publisher is called ${shown} here`, {
      hint: 'hanse publishers lists the known ones; hanse follow bafy… --as NAME gives one a name',
    })
  }

  /** Changes a relation and, with `as`, gives a name; durable when it resolves. @throws NodeError E_RELATION, E_NAME_TAKEN */
  change(publisher: PublisherId, change: RelationChange, as?: string): Promise<Relation> {
    return this.#serially(async () => {
      if (as !== undefined) this.#requireFree(as, publisher)
      const answer = changeRelation(this.relationOf(publisher), change, as ?? this.nameOf(publisher))
      if (!answer.ok) throw new NodeError(answer.code, answer.why, { hint: answer.hint })
      const names = new Map(this.#names)
      if (as !== undefined) {
        for (const [name, id] of names) if (id === publisher) names.delete(name)
        names.set(as, publisher)
      }
      const before = this.relationOf(publisher)
      await this.#save(new Map(this.#relations).set(publisher, answer.relation), names, this.#pins)
      for (const listener of this.#listeners) listener(publisher, before, answer.relation)
      return answer.relation
    })
  }

  /** Calls `listener` after each change of a relation. */
  onChange(listener: RelationListener): void {
    this.#listeners.add(listener)
  }

  /** Remembers which publisher a bare name meant when it was first installed. */
  async pin(name: PackageName, publisher: PublisherId): Promise<void> {
    await this.#serially(async () => {
      if (this.#pins.has(name)) return
      await this.#save(this.#relations, this.#names, new Map(this.#pins).set(name, publisher))
    })
  }

  #requireFree(name: string, publisher: PublisherId): void {
    if (!NAME.test(name)) {
      throw new NodeError('E_USAGE', `${JSON.stringify(name.slice(0, 80))} is not a name: a-z, 0-9 and -`, {
        hint: 'begin with a letter, as in --as acme',
      })
    }
    const taken = this.#names.get(name)
    if (taken === undefined || taken === publisher) return
    throw new NodeError('E_NAME_TAKEN', `${name} is another publisher here: ${taken}`, {
      hint: 'choose another with --as',
    })
  }

  async #save(
    relations: ReadonlyMap<PublisherId, Relation>,
    names: ReadonlyMap<string, PublisherId>,
    pins: ReadonlyMap<PackageName, PublisherId>,
    everything = this.#everything,
  ): Promise<void> {
    await replaceJsonFile(this.#path, {
      version: 1,
      relations: Object.fromEntries(relations),
      names: Object.fromEntries(names),
      pins: Object.fromEntries(pins),
      ...(everything ? { everything } : {}),
    })
    this.#everything = everything
    this.#relations = relations
    this.#names = names
    if (pins !== this.#pins) this.#pinned = new Set(pins.values())
    this.#pins = pins
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

/** Parses patterns as typed. @throws NodeError E_USAGE */
export function parsePatterns(texts: readonly string[]): readonly Pattern[] {
  return texts.map(text => {
    const parsed = parsePattern(text)
    if (parsed.ok) return parsed.value
    throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 80))} is not a pattern`, {
      hint: "for example 'npm:@acme/*'",
    })
  })
}
