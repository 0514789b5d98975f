import fc from 'fast-check'
import { it, expect } from 'vitest'
import { write, written } from './json'
it('x', () => {
  const isEq=(a:any,b:any):boolean=>JSON.stringify(sort(a))===JSON.stringify(sort(b))
  const sort=(a:any):any=>Array.isArray(a)?a.map(sort):a&&typeof a==='object'?Object.entries(a).sort(([x],[y])=>x<y?-1:1).map(([k,v])=>[k,sort(v)]):a
  const r = fc.check(fc.property(written, fc.nat(), ({ object }, seed) => {
      const t = write(object, seed, { lineEnds: true })
      const p = JSON.parse(t)
      if (!isEq(p, object)) { const p2 = JSON.parse(t); console.log('again', isEq(p2, object), JSON.stringify(t), JSON.stringify(p)); return false }
      return true
    }), { numRuns: 5000, endOnFailure: false })
  console.log(r.failed, JSON.stringify(r.counterexample)?.slice(0,1500))
})
