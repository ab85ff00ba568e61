export type Clause =
  | 'Q1'
  | 'Q2'
  | 'Q3'
  | 'Q4'
  | 'Q5'
  | 'T1'
  | 'T2'
  | 'T3'
  | 'T4'
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'E1'
  | 'E2'
  | 'D1'
  | 'D2'
  | 'D3'
  | 'D4'
  | 'D5'
  | 'D6'
  | 'D7'
  | 'D8'
  | 'D9'
  | 'O1'
  | 'O2'
  | 'O3'
  | 'B1'
  | 'B2'
  | 'B3'
  | 'B4'
  | 'M1'
  | 'M2'
  | 'M3'
  | 'M4'
  | 'M5'
  | 'M6'
  | 'M7'
  | 'L1'
  | 'L2'
  | 'L3'
  | 'R1'
  | 'R2'
  | 'R3.equals'
  | 'R3.anyOf'
  | 'R3.prefix'
  | 'R3.exists'
  | 'R4'
  | 'A1'
  | 'A2'
  | 'A2.exact'
  | 'A3'
  | 'A4'
  | 'A5'
  | 'A6'
  | 'C1'
  | 'C2'
  | 'C3'
  | 'C4'
  | 'C5'

export interface ClauseText {
  readonly title: string
  readonly may: 'be none' | 'not be none'
}

/**
 * The clauses of the contract, and those parts of a clause that can differ alone. Conformance cases and capabilities are named by
 * these ids. `may: 'be none'` marks what a driver may lack; without the rest it is not a driver.
 */
export const CLAUSES: Readonly<Record<Clause, ClauseText>> = {
  Q1: { title: 'one consumer with a live lease holds a message', may: 'not be none' },
  Q2: { title: 'messages wait while no consumer exists', may: 'not be none' },
  Q3: { title: 'a message leaves only when settled', may: 'not be none' },
  Q4: { title: 'what was acked is not delivered again', may: 'not be none' },
  Q5: { title: 'queues are apart', may: 'not be none' },
  T1: { title: 'each subscription gets its own copy', may: 'not be none' },
  T2: { title: 'publishing with no subscription succeeds', may: 'not be none' },
  T3: { title: 'a new subscription sees nothing from before', may: 'not be none' },
  T4: { title: 'a publisher knows no subscriber', may: 'not be none' },
  S1: { title: 'a durable subscription exists once created', may: 'not be none' },
  S2: { title: 'it keeps messages while its consumers are away', may: 'not be none' },
  S3: { title: 'its settlements touch no other subscription', may: 'not be none' },
  S4: { title: 'consumers of one subscription compete', may: 'not be none' },
  S5: { title: 'unsubscribe drops the backlog, close does not', may: 'not be none' },
  S6: { title: 'same name, other topic: another subscription', may: 'not be none' },
  E1: { title: 'an ephemeral subscription sees all while it lives', may: 'be none' },
  E2: { title: 'nothing of it is left on the broker', may: 'be none' },
  D1: { title: 'ack, retry, reject in any order', may: 'not be none' },
  D2: { title: 'retry delays are never early', may: 'not be none' },
  D3: { title: 'attempts are counted', may: 'not be none' },
  D4: { title: 'after maxAttempts to the dead-letter queue', may: 'not be none' },
  D5: { title: 'a delivery is settled once', may: 'not be none' },
  D6: { title: 'a lost delivery settles nothing', may: 'not be none' },
  D7: { title: 'a slow handler keeps its lease', may: 'be none' },
  D8: { title: 'poison never blocks', may: 'not be none' },
  D9: { title: 'dead letters are counted, read, redriven, dropped', may: 'not be none' },
  O1: { title: 'messages of one key stay in order', may: 'be none' },
  O2: { title: 'a retried message blocks its key only', may: 'be none' },
  O3: { title: 'onRetry overtake goes to the tail', may: 'be none' },
  B1: { title: 'never more than maxUnsettled', may: 'not be none' },
  B2: { title: 'sends are batched, each with its own result', may: 'not be none' },
  B3: { title: 'a full broker makes send wait, then fail', may: 'not be none' },
  B4: { title: 'send and forget loses nothing in silence', may: 'not be none' },
  M1: { title: 'the body arrives byte-equal', may: 'not be none' },
  M2: { title: 'headers are strings by string', may: 'not be none' },
  M3: { title: 'the fields of a message arrive', may: 'not be none' },
  M4: { title: 'too large fails before anything is sent', may: 'not be none' },
  M5: { title: 'foreign messages lose nothing', may: 'not be none' },
  M6: { title: 'one portable rule for names', may: 'not be none' },
  M7: { title: 'codec and schema check both ends', may: 'not be none' },
  L1: { title: 'delayed delivery', may: 'be none' },
  L2: { title: 'expiry', may: 'be none' },
  L3: { title: 'deduplication', may: 'be none' },
  R1: { title: 'seek', may: 'be none' },
  R2: { title: 'a subscription from the earliest', may: 'be none' },
  'R3.equals': { title: 'filter: equals', may: 'be none' },
  'R3.anyOf': { title: 'filter: any of', may: 'be none' },
  'R3.prefix': { title: 'filter: prefix', may: 'be none' },
  'R3.exists': { title: 'filter: exists', may: 'be none' },
  R4: { title: 'request and reply', may: 'be none' },
  A1: { title: 'create and delete', may: 'not be none' },
  A2: { title: 'depth', may: 'be none' },
  'A2.exact': { title: 'depth, exact', may: 'be none' },
  A3: { title: 'peek', may: 'be none' },
  A4: { title: 'purge', may: 'be none' },
  A5: { title: 'least privilege', may: 'not be none' },
  A6: { title: 'list', may: 'be none' },
  C1: { title: 'close drains and leaves nothing', may: 'not be none' },
  C2: { title: 'after close every call fails', may: 'not be none' },
  C3: { title: 'an abort loses nothing', may: 'not be none' },
  C4: { title: 'a broker that is gone is survived', may: 'not be none' },
  C5: { title: 'what is wrong is said at connect', may: 'not be none' },
}

export const CLAUSE_IDS: readonly Clause[] = Object.keys(CLAUSES) as Clause[]
