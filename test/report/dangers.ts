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
  for (const block of mermaidBlocks(body)) found.push(...wrongLines(block))
  const open = openFence(body)
  if (open !== null) found.push(`fence left open: ${open}`)
  return found
}

/** What a mermaid diagram of ours may hold: one head, boxes with a label without syntax, arrows between boxes that are there. */
function wrongLines([head = '', ...lines]: readonly string[]): readonly string[] {
  const boxes = new Set(lines.flatMap((line) => /^(n\d+)\["/.exec(line)?.[1] ?? []))
  const isRight = (line: string): boolean => {
    const label = /^n\d+\["([^"]*)"\]$/.exec(line)?.[1]
    if (label !== undefined) return label.length > 0 && label.length <= 40 && isLabel(label)
    const [, before = '', after = ''] = /^(n\d+) --> (n\d+)$/.exec(line) ?? []
    return boxes.has(before) && boxes.has(after)
  }
  const wrong = [...(head === 'graph TD' ? [] : [head]), ...lines.filter((line) => !isRight(line))]
  return wrong.map((line) => `diagram: ${JSON.stringify(line)}`)
}

/** No quote, bracket, entity, directive, formula, icon, class or address; nothing invisible; no list of Markdown. */
const isLabel = (label: string): boolean =>
  !/["#$%&*;<>@[\\\]^`{|}~\n\ufb02\u00b6]|:[^ …]|www\.|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/iu.test(
    label,
  ) && !/^([-+=]|\d{1,9}[.)]\s)/.test(label)

/** The lines of each block that GitHub would draw as a diagram. */
export const mermaidBlocks = (body: string): readonly (readonly string[])[] =>
  blocksOf(body).flatMap(({language, lines}) => (language === 'mermaid' ? [lines] : []))

/** The fence that is left open, if one is. */
export const openFence = (body: string): string | null => blocksOf(body).find(({closed}) => !closed)?.fence ?? null

interface Block {
  readonly fence: string
  readonly language: string
  readonly lines: string[]
  closed: boolean
}

/** CommonMark §4.5, for blocks at the left margin. */
function blocksOf(body: string): readonly Block[] {
  const blocks: Block[] = []
  for (const line of body.split('\n')) {
    const open = blocks.findLast(({closed}) => !closed)
    const run = /^ {0,3}(`{3,})/.exec(line)?.[1]
    if (open === undefined) {
      const language = line.trimStart().slice(run?.length ?? 0)
      if (run !== undefined && !language.includes('`'))
        blocks.push({fence: run, language: language.trim(), lines: [], closed: false})
    } else if (run !== undefined && run.length >= open.fence.length && line.trim() === run) open.closed = true
    else open.lines.push(line)
  }
  return blocks
}
