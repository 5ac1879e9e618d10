/** What must not be in Markdown that goes to GitHub, whoever wrote the text in it. Looks at the raw body, code included. */
export function dangersIn(body: string, server: string, allowedTags: readonly string[] = []): readonly string[] {
  const found: string[] = []
  const look = (what: string, pattern: RegExp, allow: (match: string) => boolean = () => false) => {
    for (const [match] of body.matchAll(pattern)) if (!allow(match)) found.push(`${what}: ${JSON.stringify(match)}`)
  }
  look('image', /!\[/g)
  look('comment', /<!--/g)
  look('tag', /<\/?[a-z!?][^\s>]*>?/gi, (tag) => allowedTags.includes(tag))
  look('mention', /@[\w-]+/g)
  look('address', /[a-z]+:\/\/[^\s)\]]*|www\.\S*/gi, (url) => url.startsWith(`${server}/`))
  look('link', /(?<!\\)\]\((?!\))([^)]*)\)/g, (target) => target.startsWith(`](${server}/`))
  look('reference', /(?<![\w/&?])#\d+(?!;)/g)
  look('reference link', /^\s*\[(?:[^\]\\]|\\.)*\]:/gm)
  look('invisible', /[\u202a-\u202e\u200b\u061c]/g)
  const open = openFence(body)
  if (open !== null) found.push(`fence left open: ${open}`)
  return found
}

/** CommonMark §4.5, for blocks at the left margin. */
export function openFence(body: string): string | null {
  let open: string | null = null
  for (const line of body.split('\n')) {
    const run = /^ {0,3}(`{3,})/.exec(line)?.[1]
    if (run === undefined) continue
    if (open === null) {
      if (!line.trimStart().slice(run.length).includes('`')) open = run
    } else if (run.length >= open.length && line.trim() === run) open = null
  }
  return open
}
