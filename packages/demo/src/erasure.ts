import * as v from 'valibot'

/** Somebody asks that everything about them be erased (GDPR, article 17). */
export interface ErasureRequest {
  readonly id: string
  readonly name: string
  readonly email: string
  /** As the person wrote it: `ACC-004711`, or nearly so. */
  readonly account: string
  readonly receivedAt: string
}

/** Who has to do a part of it. */
export const SERVICES = ['crm', 'billing', 'search', 'audit'] as const
export type Service = (typeof SERVICES)[number]

/** One service's word that its part is done. */
export interface Report {
  readonly request: string
  readonly service: Service
  readonly note: string
}

export interface Mail {
  readonly request: string
  readonly to: string
  readonly subject: string
}

const text = (what: string, longest: number) =>
  v.pipe(v.string(`must be ${what}`), v.nonEmpty(`must be ${what}`), v.maxLength(longest, `must be ${what}`))

/** What a line of the input must be, and what crosses the topic: the same schema for both. */
export const erasureRequest: v.GenericSchema<ErasureRequest> = v.strictObject(
  {
    // Also the id of the message, so that sending a request twice is the same message twice.
    id: v.pipe(v.string('must be a string'), v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must have 1 to 64 of A-Z a-z 0-9 _ -')),
    name: text('a name of 1 to 200 characters', 200),
    email: v.pipe(v.string('must be an address'), v.email('must be an address')),
    account: text('an account of 1 to 40 characters', 40),
    receivedAt: v.pipe(v.string('must be a time'), v.isoTimestamp('must be a time such as 2026-03-02T08:00:00Z')),
  },
  (issue) =>
    issue.expected === 'never'
      ? 'is not a field of a request'
      : issue.input === undefined
        ? 'is missing'
        : 'must be an object',
)
