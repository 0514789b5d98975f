// Compares the pictures of the playground with the objects of the server, by the tables beside them.
import type { Page } from 'playwright-core'
import { layOutEvents } from '../../../playground/views/event-lanes.ts'
import { layOutNodes } from '../../../playground/views/heat-map.ts'
import { layOutOwners } from '../../../playground/views/owner-map.ts'
import { type Entry, entryFromObject, type KubeObject, type Resource } from '../../../src/index'
import { Deployment, ReplicaSet } from '../../../src/resources/apps/v1'
import { Event, Node, Pod } from '../../../src/resources/core/v1'
import type { FakeApiServer } from '../../../src/testing'

/** Returns the rows of the table beside a picture, from the objects of the server, sorted. */
export function expectedTwin(server: FakeApiServer, view: string): string[][] {
  const list = <T extends KubeObject>(resource: Resource<T>): Entry<T>[] => server.list(resource).map((object) => entryFromObject(object))
  const size = { width: 1200, now: Date.now(), heat: 'phase' } as const
  const pods = list(Pod)
  const { twin } =
    view === 'map'
      ? layOutOwners({ pods, replicaSets: list(ReplicaSet), deployments: list(Deployment) }, size)
      : view === 'nodes'
        ? layOutNodes({ pods, nodes: list(Node) }, size)
        : layOutEvents(list(Event), size)
  return twin.rows.map((row) => [...row]).sort()
}

/** Returns the rows of the table beside the picture, sorted. */
export function twinOf(page: Page): Promise<string[][]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLTableRowElement>('#twin tbody tr')]
      .map((row) => [...row.cells].map((cell) => cell.textContent ?? ''))
      .sort(),
  )
}
