import type { Case } from '../case.ts'
import { cases as A1 } from './A1.ts'
import { cases as A5 } from './A5.ts'
import { cases as A6 } from './A6.ts'
import { cases as B1 } from './B1.ts'
import { cases as B2 } from './B2.ts'
import { cases as B3 } from './B3.ts'
import { cases as B4 } from './B4.ts'
import { cases as C5 } from './C5.ts'
import { cases as D1 } from './D1.ts'
import { cases as D2 } from './D2.ts'
import { cases as D3 } from './D3.ts'
import { cases as D4 } from './D4.ts'
import { cases as D5 } from './D5.ts'
import { cases as D6 } from './D6.ts'
import { cases as D7 } from './D7.ts'
import { cases as D8 } from './D8.ts'
import { cases as D9 } from './D9.ts'
import { cases as E1 } from './E1.ts'
import { cases as E2 } from './E2.ts'
import { cases as O1 } from './O1.ts'
import { cases as O2 } from './O2.ts'
import { cases as O3 } from './O3.ts'
import { cases as Q1 } from './Q1.ts'
import { cases as Q2 } from './Q2.ts'
import { cases as Q3 } from './Q3.ts'
import { cases as Q4 } from './Q4.ts'
import { cases as Q5 } from './Q5.ts'
import { cases as S1 } from './S1.ts'
import { cases as S2 } from './S2.ts'
import { cases as S3 } from './S3.ts'
import { cases as S4 } from './S4.ts'
import { cases as S5 } from './S5.ts'
import { cases as S6 } from './S6.ts'
import { cases as T1 } from './T1.ts'
import { cases as T2 } from './T2.ts'
import { cases as T3 } from './T3.ts'
import { cases as T4 } from './T4.ts'

/** Every case of the contract, in its order. A new file of cases is imported here and nowhere else. */
export const allCases: readonly Case[] = [
  ...Q1,
  ...Q2,
  ...Q3,
  ...Q4,
  ...Q5,
  ...T1,
  ...T2,
  ...T3,
  ...T4,
  ...S1,
  ...S2,
  ...S3,
  ...S4,
  ...S5,
  ...S6,
  ...E1,
  ...E2,
  ...D1,
  ...D2,
  ...D3,
  ...D4,
  ...D5,
  ...D6,
  ...D7,
  ...D8,
  ...D9,
  ...O1,
  ...O2,
  ...O3,
  ...B1,
  ...B2,
  ...B3,
  ...B4,
  ...A1,
  ...A5,
  ...A6,
  ...C5,
]
