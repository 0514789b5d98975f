// Helpers of the IndexedDB measurements. Runs in a page.

/** The cost of one layout, or of one step of the persister. */
export interface Measured {
  readonly name: string
  readonly metrics: { readonly writeMs?: number; readonly writePauseMs?: number; readonly readMs?: number; readonly readPauseMs?: number }
}

/** Returns a pod of about 3.4 kB; with `nonAscii`, one in ten has a character beyond Latin-1. */
export function podText(index: number, nonAscii: boolean): string {
  const annotation = nonAscii && index % 10 === 0 ? 'größer als → 文字' : 'larger than the rest'
  const container = (n: number) => ({
    name: `c${n}`,
    image: `registry.example.com/team/app-${index % 50}:v1.${index % 7}.${n}`,
    env: Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `value-${(index * 31 + i * 17) % 9973}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    volumeMounts: [{ name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
  })
  return JSON.stringify({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: `web-${index}`,
      namespace: `team-${index % 20}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(100_000 + index),
      labels: { app: `app-${index % 50}`, tier: 'web', 'pod-template-hash': (index * 7919).toString(36) },
      annotations: { note: annotation.repeat(20) },
    },
    spec: { nodeName: `node-${index % 300}`, containers: [container(0), container(1)] },
    status: {
      phase: 'Running',
      podIP: `10.0.${index % 256}.${(index >> 8) % 256}`,
      conditions: ['Ready', 'Initialized'].map((type) => ({ type, status: 'True' })),
    },
  })
}

/** Returns the duration of some work, and the longest time during which the page could not run anything else. */
export async function timed<R>(work: () => Promise<R>): Promise<{ result: R; ms: number; pauseMs: number }> {
  const { port1, port2 } = new MessageChannel()
  const start = performance.now()
  let last = start
  let pauseMs = 0
  const look = () => {
    const now = performance.now()
    pauseMs = Math.max(pauseMs, now - last)
    last = now
  }
  port2.onmessage = () => {
    look()
    port1.postMessage(0)
  }
  port1.postMessage(0)
  const result = await work()
  look()
  port2.close()
  return { result, ms: performance.now() - start, pauseMs }
}
