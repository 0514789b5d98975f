/** What became of a case. */
export interface CaseResult {
  readonly title: string
  /** What it threw, as text; left out when all was well. */
  readonly error?: string
}

/** How long one case may take by default, in milliseconds. */
const CASE_TIMEOUT_MS = 15_000

/** Runs cases one after the other, and reports each. */
export async function runCases<Stage>(
  cases: readonly { readonly title: string; run(stage: Stage): Promise<void> }[],
  stage: Stage,
  report: (result: CaseResult) => void,
  timeoutMs: number = CASE_TIMEOUT_MS,
): Promise<void> {
  for (const { title, run } of cases) {
    try {
      await inTime(run(stage), timeoutMs)
      report({ title })
    } catch (error) {
      report({ title, error: error instanceof Error ? `${error.stack ?? error}` : String(error) })
    }
  }
}

async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
