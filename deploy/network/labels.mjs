// Labels for the app view: it shows those in its table, and what fills that table is not among the published packages.
import { setTimeout as pause } from 'node:timers/promises'
import { Subscription } from '@atproto/xrpc-server'

const AGAIN_MS = 2_000

/** Read a labeler's stream from its beginning, until `signal` aborts. A label's latest word holds. */
export async function readLabels(labeler, db, signal) {
  while (!signal.aborted) {
    const stream = new Subscription({
      service: labeler.replace(/^http/, 'ws'),
      method: 'com.atproto.label.subscribeLabels',
      getParams: () => ({ cursor: 0 }),
      validate: (message) => message,
      signal,
    })
    try {
      for await (const { labels } of stream) for (const label of labels ?? []) await keep(label, db)
    } catch (fault) {
      if (!signal.aborted) console.error(`labels of ${labeler}: ${fault.message}`)
    }
    await pause(AGAIN_MS, null, { signal }).catch(() => {})
  }
}

async function keep({ src, uri, cid = '', val, neg = false, cts, exp = null }, db) {
  await db.insertInto('label').values({ src, uri, cid, val, neg, cts, exp })
    .onConflict((found) => found.columns(['src', 'uri', 'cid', 'val']).doUpdateSet({ neg, cts, exp })
      .where('label.cts', '<=', cts))
    .execute()
}
