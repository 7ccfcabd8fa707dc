import type { HistoryEntry } from '../../types/history.js'

/** What an event did to a session, in a sentence without its subject: "was signed out by POST /out at …". */
export function sentence(entry: HistoryEntry): string {
  const words = WORDS[entry.event](entry)
  const where = entry.route === undefined ? '' : ` in ${entry.route}`
  const often = entry.times === 1 ? '' : `, and ${entry.times - 1} times before`
  return `${words}${where} at ${new Date(entry.at).toISOString()}${often}`
}

const WORDS: { readonly [Kind in HistoryEntry['event']]: (entry: HistoryEntry) => string } = {
  destroyed: () => 'it was signed out: destroy() ended it',
  revoked: ({ by }) =>
    by === 'limit'
      ? 'it was ended for a newer session of its user, who had as many as limit allows'
      : 'it was revoked: app.sessions.revoke() ended it',
  cleared: () => 'all sessions were ended by app.sessions.clear()',
  expired: ({ by }) =>
    by === 'idle'
      ? 'it had expired, not used for longer than idle, when its cookie came'
      : 'it had expired, older than absolute, when its cookie came',
  evicted: () => 'its store dropped it to make room',
  identified: ({ subject, formerSubject }) => {
    if (subject === undefined) return "identify(null) made it nobody's"
    return formerSubject === undefined ? 'identify() said whose it is' : 'identify() gave it to another user'
  },
  regenerated: ({ cut }) =>
    cut === undefined
      ? 'regenerate() gave it a new id'
      : `regenerate() gave it a new id, and cut the old one off for ${cut === 'user' ? 'a sign-in' : 'new rights'}`,
  refused: (entry) => refused(entry)
}

function refused({ problem, during, key, session }: HistoryEntry): string {
  if (during === 'save') return 'it had been ended while a request ran, whose changes were dropped'
  const cookie = session === undefined ? 'a cookie' : `a cookie of "${session}"`
  switch (problem) {
    case 'unknown-key':
      return `${cookie} was refused, sealed with key ${key}, which is not in the ring: it was dropped, or is another app's`
    case 'bad-seal':
      return `${cookie} was refused, its seal broken: it was changed, or is that of another session`
    case 'malformed':
      return `${cookie} was refused, which is none of this plugin's`
    case 'cleared':
      return 'it had been ended by app.sessions.clear() when its cookie came'
    case 'retired':
      return 'its id had been replaced by regenerate(), and the grace was over, when the old cookie came'
    case 'schema':
      return 'what is stored does not fit the schema: it began anew'
    case 'newer':
      return 'a newer version of the app had stored it: it is read-only for older ones'
    case 'too-large':
      return 'its cookie or record was larger than may be'
    case 'store':
      return 'its store failed, and the request went on without it'
    default:
      return 'its store had no record of it when its cookie came'
  }
}
