// Round-trips of many random pairs of texts. Each number is the seed of one pair.

import { expect, test } from 'vitest'
import { Coder } from '../../src/codec/coder'
import { LoadedTemplates, Template } from '../../src/codec/template'
import { unpack } from '../../src/codec/unpack'
import { podFixture } from '../../src/testing/fixtures'
import { createRandom, type Random } from '../../src/testing/random'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'

// KUBEFLECT_CODER_PAIRS=0-999999 looks at other pairs.
const [first = 0, last = first] = (process.env.KUBEFLECT_CODER_PAIRS ?? '0-4999').split('-').map(Number)
const pairs = last - first + 1

test(`a text packed against another one is restored, for the random pairs ${first} to ${last}`, { timeout: 20_000 + pairs }, () => {
  const coder = new Coder()
  const loaded = new LoadedTemplates()
  for (let seed = first; seed <= last; seed++) {
    const [template, text] = pairOf(seed)
    const range = coder.pack(new Template(template, undefined, loaded), text)
    const [packed = ''] = coder.take([range])
    if (unpack(template, packed) !== text) expect.fail(`pair ${seed} differs: ${JSON.stringify({ template, text, packed })}`)
  }
})

/** Characters that repeat often, characters of one and two bytes, and halves of surrogate pairs. */
const alphabets = ['ab', '{}[]":,\\ 0123456789abcdef', 'Zoë ÿþ\u00ff\u0080', '店舗横浜市\u2028a', '\ud83d\ude00\ufeff\uffff{}']

function pairOf(seed: number): [template: string, text: string] {
  const random = createRandom(seed)
  const template = textOf(random)
  const text = random.below(8) === 0 ? textOf(random) : edited(template, random)
  return random.below(2) === 0 ? [template, text] : [text, template]
}

function textOf(random: Random): string {
  if (random.below(40) === 0) return JSON.stringify(podFixture(random.below(1000), { nonAscii: random.below(2) === 0 }))
  if (random.below(40) === 0) return JSON.stringify(workloadPodFixture(random.below(1000), { workloads: 5, revision: random.below(3) }))
  return charactersOf(random, random.below(random.below(10) === 0 ? 3000 : 150))
}

function charactersOf(random: Random, length: number): string {
  const alphabet = alphabets[random.below(alphabets.length)] ?? ''
  let text = ''
  while (text.length < length)
    text += random.below(6) === 0 ? text.slice(random.below(text.length + 1)) : alphabet[random.below(alphabet.length)]
  return text.slice(0, length)
}

/** Inserts, removes and replaces some parts. */
function edited(text: string, random: Random): string {
  let result = text
  for (let edits = random.below(6); edits > 0; edits--) {
    const at = random.below(result.length + 1)
    result = result.slice(0, at) + charactersOf(random, random.below(30)) + result.slice(at + random.below(30))
  }
  return result
}
