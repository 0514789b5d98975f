// Writes what bench/results has into bench/README.md, between its two marks, and draws bench/results/peers.svg.
//
//   node bench/report.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled } from './harness/install.ts'

ensureInstalled()
// Imported late, because the install above provides their dependencies.
const [{ questions }, { goalTable }, { drawPeers }, { readResult }, { tables }] = await Promise.all([
  import('./questions/all.ts'),
  import('./harness/goals.ts'),
  import('./harness/plot.ts'),
  import('./harness/results.ts'),
  import('./harness/table.ts'),
])

const sections = questions.map((question) => {
  const result = readResult(question.name)
  const command = `\`npm run bench -- ${question.name}\``
  const head = `### ${question.title}\n\n${question.text} ${command}`
  if (!result) return `${head}\n\nNot measured yet.`
  const note = `_${result.rounds} rounds on ${result.machine}._${result.skipped.map((reason) => ` _Left out: ${reason}._`).join('')}`
  return `${head}\n\n${tables(question, result)}\n\n${note}`
})
const report = `## Goals\n\n${goalTable()}\n\n## Results\n\n${sections.join('\n\n')}`

const file = join(import.meta.dirname, 'README.md')
const [from, to] = ['<!-- written by report.ts -->', '<!-- end -->']
const readme = readFileSync(file, 'utf8')
const [start, end] = [readme.indexOf(from), readme.indexOf(to)]
if (start < 0 || end < start) throw new Error(`${file} lacks the marks ${from} and ${to} around the results`)
writeFileSync(file, `${readme.slice(0, start)}${from}\n\n${report}\n\n${readme.slice(end)}`)
writeFileSync(join(import.meta.dirname, 'results/peers.svg'), await drawPeers())
