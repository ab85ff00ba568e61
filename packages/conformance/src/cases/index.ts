import type { Case } from '../case.ts'
import { cases as A1 } from './A1.ts'
import { cases as A2 } from './A2.ts'
import { cases as A2exact } from './A2.exact.ts'
import { cases as A3 } from './A3.ts'
import { cases as A4 } from './A4.ts'
import { cases as A5 } from './A5.ts'
import { cases as A6 } from './A6.ts'
import { cases as B1 } from './B1.ts'
import { cases as B2 } from './B2.ts'
import { cases as B3 } from './B3.ts'
import { cases as B4 } from './B4.ts'
import { cases as C1 } from './C1.ts'
import { cases as C2 } from './C2.ts'
import { cases as C3 } from './C3.ts'
import { cases as C4 } from './C4.ts'
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
import { cases as L1 } from './L1.ts'
import { cases as L2 } from './L2.ts'
import { cases as L3 } from './L3.ts'
import { cases as M1 } from './M1.ts'
import { cases as M2 } from './M2.ts'
import { cases as M3 } from './M3.ts'
import { cases as M4 } from './M4.ts'
import { cases as M5 } from './M5.ts'
import { cases as M6 } from './M6.ts'
import { cases as M7 } from './M7.ts'
import { cases as O1 } from './O1.ts'
import { cases as O2 } from './O2.ts'
import { cases as O3 } from './O3.ts'
import { cases as Q1 } from './Q1.ts'
import { cases as Q2 } from './Q2.ts'
import { cases as Q3 } from './Q3.ts'
import { cases as Q4 } from './Q4.ts'
import { cases as Q5 } from './Q5.ts'
import { cases as R1 } from './R1.ts'
import { cases as R2 } from './R2.ts'
import { cases as R3 } from './R3.ts'
import { cases as R4 } from './R4.ts'
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
import { cases as defaults } from './defaults.ts'

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
  ...M1,
  ...M2,
  ...M3,
  ...M4,
  ...M5,
  ...M6,
  ...M7,
  ...L1,
  ...L2,
  ...L3,
  ...R1,
  ...R2,
  ...R3,
  ...R4,
  ...A1,
  ...A2,
  ...A2exact,
  ...A3,
  ...A4,
  ...A5,
  ...A6,
  ...C1,
  ...C2,
  ...C3,
  ...C4,
  ...C5,
  ...defaults,
]
