// Measures performance questions and writes the results to bench/results.
//
//   node bench/run.ts [question …] [--rounds n] [--quick] [--json] [--against checkout]
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureInstalled } from './harness/install.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
ensureInstalled()
// Imported late, because the install above provides their dependencies.
const [{ questions }, { describeMachine, writeResult }, { tables }] = await Promise.all([
  import('./questions/all.ts'),
  import('./harness/results.ts'),
  import('./harness/table.ts'),
])

const names = questions.map(({ name }) => name)
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5))
const unknown = positionals.filter((name) => !names.includes(name))
if (values.help) {
  console.log(`node bench/run.ts [${names.join('|')}] … [options]

  --rounds n          how often each row is measured; default 5, with --quick 3
  --quick             fewer objects; the results are printed, and not written
  --json              prints the results as JSON
  --against folder    measures another checkout of this repository beside this one; the results are not written`)
} else if (unknown.length > 0) {
  console.error(`Unknown question ${unknown.join(' and ')}. The questions are: ${names.join(', ')}.`)
  process.exitCode = 2
} else if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds must be a number of at least 1, got ${values.rounds}.`)
  process.exitCode = 2
} else {
  const against = values.against === undefined ? undefined : { name: basename(resolve(values.against)), folder: resolve(values.against) }
  for (const question of questions.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    const machine = describeMachine()
    const { groups, skipped = [] } = await question.measure({ rounds, quick: values.quick, against })
    const result = { question: question.name, rounds, machine, skipped, groups }
    if (!values.quick && !against) writeResult(result)
    console.log(values.json ? JSON.stringify(result) : `\n${question.title}\n\n${tables(question, result)}`)
    for (const reason of skipped) console.error(`Left out: ${reason}`)
  }
}
