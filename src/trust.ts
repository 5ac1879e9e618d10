/**
 * Text that somebody else wrote (code under review, a model, a pull request) and the safe forms it may leave in.
 *
 * Every sink takes `Plain` or `Markdown`, and both can only be made here by escaping: forgetting to escape does not compile.
 * All brands of the program are asserted in this file and nowhere else.
 */
declare const brand: unique symbol

/** Text somebody else wrote. Assignable to `string` for pure computation (matching, counting), never to a sink. */
export type Untrusted = string & {readonly [brand]?: 'untrusted'}

/** One or more lines that are safe on a terminal, in a runner log, a status or an output. */
export type Plain = string & {readonly [brand]: 'plain'}

/** Markdown whose every interpolated value was escaped. */
export type Markdown = string & {readonly [brand]: 'markdown'}

/** HTML whose every interpolated value was escaped. */
export type Html = string & {readonly [brand]: 'html'}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where text is declared to be Markdown
const asMarkdown = (text: string): Markdown => text as Markdown

/** At most `max` UTF-16 units, an ellipsis included; never half of a surrogate pair. */
export function clip(value: string, max: number): string {
  if (value.length <= max) return value
  return `${value.slice(0, Math.max(max - 1, 0)).replace(/[\ud800-\udbff]$/, '')}…`
}

/** U+2060, the word joiner: invisible, takes no room, and ends what GitHub would take for a name, a number or an address. */
const joiner = '\u2060'

const unseen =
  // oxlint-disable-next-line no-control-regex -- control characters are what must go
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g

/** What nobody sees and what reorders what one sees: control, zero-width, bidi and tag characters, broken surrogates. */
const seen = (value: string): string =>
  value
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(unseen, '')
    .replace(/[\u{e0000}-\u{e007f}]/gu, '')

/**
 * GitHub links @names, #numbers, GH-numbers, commit ids and addresses by itself, also in text that holds no Markdown;
 * a mention notifies people and a linked issue shows the reference there.
 */
const unlinked = (value: string): string =>
  value
    .replace(/@(?=[\w-])/g, `@${joiner}`)
    .replace(/#(?=\w)/g, `#${joiner}`)
    .replace(/\bGH-(?=\d)/gi, (match) => match + joiner)
    .replace(/:(?=\/\/)/g, `:${joiner}`)
    .replace(/www(?=\.)/gi, (match) => match + joiner)
    .replace(/(?<![0-9a-z])[0-9a-f]{7,64}(?![0-9a-z])/gi, (sha) => sha.slice(0, 4) + joiner + sha.slice(4))

/** One line, without comments: nobody sees them, so a forged marker could hide in one. */
const flat = (value: string): string =>
  seen(value)
    .replace(/<!--[^]*?(-->|$)/g, '')
    .replace(/\s+/g, ' ')
    .trim()

const escapedInline = (value: string): string =>
  unlinked(value)
    .replace(/[\\`*[\]|~$#]/g, String.raw`\$&`)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')

/** What would begin a list, a rule or a heading at the start of a line. */
const escapedStart = (line: string): string =>
  line.replace(/^([-+=]|:(?=:))/, String.raw`\$1`).replace(/^(\d{1,9})([.)])(?=\s|$)/, String.raw`$1\$2`)

/** One line of Markdown that shows `value` as it is: no image, link, HTML, mention or table border comes of it. */
export const text = (value: Untrusted): Markdown => asMarkdown(escapedStart(escapedInline(flat(value))))

/** As `text`, but what stands between backticks becomes code: the one bit of Markdown that can do no harm. */
export const prose = (value: Untrusted): Markdown => asMarkdown(escapedStart(withCode(flat(value))))

const withCode = (line: string): string =>
  line
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 1 ? code(part) : escapedInline(part)))
    .join('')

/** Several lines of prose; a line stays a line, a list item a list item, blank lines stay and runs of them do not. */
export const paragraphs = (value: Untrusted): Markdown =>
  asMarkdown(
    seen(value)
      .replace(/<!--[^]*?(-->|$)/g, '')
      .replace(/\n\s*\n\s*/g, '\n\n')
      .trim()
      .split('\n')
      .map((line) => {
        const [, mark, rest = ''] = /^\s*([-*]|\d{1,3}[.)])\s+(\S.*)$/.exec(line) ?? []
        return mark === undefined ? prose(line) : `${mark === '*' ? '-' : mark} ${prose(rest)}`
      })
      .join('\n')
      // a comment breaks at every line end, a job summary only where two spaces say so
      .replace(/(?<=[^\n])\n(?=[^\n])/g, '  \n'),
  )

/** In code nothing is parsed, in theory; what would be dangerous outside of it is broken inside too. */
const inert = (value: string): string =>
  value
    .replace(/<(?=[!/?a-z])/gi, `<${joiner}`)
    .replace(/!(?=\[)/g, `!${joiner}`)
    .replace(/#(?=\d)/g, `#${joiner}`)
    .replace(/\](?=[(:[])/g, `]${joiner}`)
    .replace(/@(?=[\w-])/g, `@${joiner}`)
    .replace(/:(?=\/\/)/g, `:${joiner}`)
    // a report may be printed in a workflow's step, where the runner obeys such lines
    .replace(/^(\s*:)(?=:)/gm, `$1${joiner}`)
    .replace(/##(?=\[)/g, `#${joiner}#`)
    .replace(/www(?=\.)/gi, (match) => match + joiner)

const fenceFor = (value: string, least: number): string =>
  '`'.repeat(Math.max(least, ...[...value.matchAll(/`+/g)].map(([run]) => run.length + 1)))

/** A code span, fenced by more backticks than it holds. Safe in a table cell: every `|` is escaped (GFM §4.10). */
export function code(value: Untrusted): Markdown {
  const flat = inert(seen(value).replace(/\s+/g, ' ').trim()).replace(/\\*\|/g, (run) =>
    run.length % 2 === 1 ? `${run.slice(0, -1)}\\|` : run,
  )
  if (flat === '') return asMarkdown('')
  const fence = fenceFor(flat, 1)
  const edge = /^`|`$/.test(flat) ? ' ' : ''
  return asMarkdown(fence + edge + flat + edge + fence)
}

/** A code block, its fence longer than any run of backticks inside. */
export function fenced(value: Untrusted, language = ''): Markdown {
  const body = inert(seen(value)).replace(/\n+$/, '')
  const fence = fenceFor(body, 3)
  return asMarkdown(`${fence}${/^[a-z0-9+-]*$/.test(language) ? language : ''}\n${body}\n${fence}`)
}

/** Drawn as the character is, and of no meaning in any syntax: U+FF01 to U+FF5E for U+0021 to U+007E. */
const widened = (character: string): string => String.fromCodePoint((character.codePointAt(0) ?? 0x20) + 0xfee0)

const maxLabel = 40

/**
 * What may stand between double quotes in a mermaid diagram: one line of at most 40 characters.
 *
 * The quotes alone protect little: mermaid looks for `%%{` in the whole source, keeps its own entities (`#59;`, inside `ﬂ°` and
 * `¶ß`) through its parser, and reads the label as Markdown and HTML after it has decoded them. So nothing is escaped by
 * entities; all of ASCII but letters, digits and harmless punctuation becomes wide. Words (`click`, `end`, `style`) mean
 * something at the start of a line only, and no label starts one.
 */
export function mermaidLabel(value: Untrusted): Markdown {
  const line = seen(value)
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll('\ufb02', 'fl')
    .replaceAll('\u00b6', '')
    .trim()
    .replace(/["#$%&*;<>@[\\\]^`{|}~]/g, widened)
    .replace(/:(?! |$)|(?<=www)\.|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/giu, widened)
    // mermaid shows "Unsupported markdown: list" for what begins like one
    .replace(/^[-+=]|(?<=^\d{1,9})[.)]/, widened)
  return asMarkdown(line === '' ? '–' : clip(line, maxLabel))
}

/** A link, if it leads to `server` (`https://github.com`); else only its label. */
export function link(label: Markdown, url: string, server: string): Markdown {
  if (!URL.canParse(url) || !URL.canParse(server)) return label
  const to = new URL(url)
  const own = new URL(server)
  if (to.origin !== own.origin || !/^https?:$/.test(to.protocol) || to.username !== '' || to.password !== '')
    return label
  const href = to.href.replace(/[()<>[\]\\`"'|*@!\s]/g, (character) => {
    const hex = character.codePointAt(0)?.toString(16) ?? '20'
    return `%${hex.toUpperCase().padStart(2, '0')}`
  })
  return asMarkdown(`[${label}](${href})`)
}

/** A comment nobody sees, for the program to find its own comments by. What could end it is taken out. */
export const hidden = (value: string): Markdown =>
  asMarkdown(
    `<!-- ${seen(value)
      .replace(/<!-*|-*>|[<>\n]/g, '')
      .trim()} -->`,
  )

const asEntities = (value: string): string =>
  value.replace(
    /[&<>"'`*[\]|~$\\!#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (character) => `&#${character.codePointAt(0) ?? 32};`,
  )

/** As `text`, but by entities, which hold in HTML too: for inside of `<summary>`, where GitHub parses no Markdown. */
export const summaryText = (value: Untrusted): Markdown =>
  asMarkdown(
    asEntities(unlinked(seen(value)))
      .replace(/\s+/g, ' ')
      .trim(),
  )

/** Text or an attribute's value in HTML; lines stay lines. */
export const htmlText = (value: Untrusted): Html =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where text is declared to be HTML
  asEntities(seen(value)).replace(/^([^\S\n]*):(?=:)/gm, '$1&#58;') as Html

/** Markdown around values that are Markdown already; a bare string does not compile: `text`, `code` or `fenced` it. */
export const markdown = (parts: TemplateStringsArray, ...values: readonly (Markdown | number)[]): Markdown =>
  asMarkdown(woven(parts, values))

/** HTML around values that are HTML already. */
export const html = (parts: TemplateStringsArray, ...values: readonly (Html | number)[]): Html =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every value is Html
  woven(parts, values) as Html

const woven = (parts: TemplateStringsArray, values: readonly (string | number)[]): string =>
  parts.map((part, index) => part + String(values[index] ?? '')).join('')

export type Between = '' | ' ' | ' | ' | ', ' | ' · ' | '\n' | '\n\n'

export const joinMarkdown = (parts: readonly Markdown[], between: Between): Markdown => asMarkdown(parts.join(between))

export const joinHtml = (parts: readonly Html[], between: Between): Html =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every part is Html
  parts.join(between) as Html

const styles = {bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36} as const
export type Style = keyof typeof styles

/** One line in a style of a terminal (ECMA-48 SGR), ended where it ends. */
export const painted = (line: Plain, style: Style): Plain => asPlain(`\u001b[${styles[style]}m${line}\u001b[0m`)

export const joinPlain = (parts: readonly Plain[], between: Between): Plain => asPlain(parts.join(between))

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where text is declared to be Plain
const asPlain = (text: string): Plain => text as Plain

/** ECMA-48 sequences with all that belongs to them: CSI (colours, the cursor), OSC (titles, links), and the two-byte rest. */
const escapeSequences =
  // oxlint-disable-next-line no-control-regex -- escape sequences are what must go
  /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g

/**
 * The runner executes a line of output that starts, after any white space, with `::`, and one that holds `##[` anywhere
 * (`ActionCommand.TryParseV2` trims, `TryParse` searches). A model's or a file's `::add-mask::` must stay text.
 */
const commandless = (line: string): string => line.replace(/^(\s*):(?=:)/, '$1: ').replace(/##(?=\[)/g, '## ')

/**
 * Text for a terminal, a log, a commit message: lines stay lines, and nothing in it is invisible, moves the cursor, reorders
 * other text or is a command to the runner. Of what is plain already it makes nothing else.
 *
 * @param max UTF-16 units that are kept, an ellipsis included
 */
export function plain(value: Untrusted | Plain, max = Number.POSITIVE_INFINITY): Plain {
  const visible = value
    .replace(escapeSequences, '')
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
  return asPlain(clip(visible.split('\n').map(commandless).join('\n'), max))
}

/**
 * A JSON document for a terminal or a log: it parses to the same value, and whatever a terminal obeys, nobody sees or a runner looks
 * for (`##[`) is written as an escape. All of that stands in strings only.
 */
export const jsonText = (value: object, indent = 2): Plain =>
  asPlain(
    JSON.stringify(value, null, indent)
      .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (each) =>
        Array.from({length: each.length}, (_, at) => `\\u${each.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
          '',
        ),
      )
      .replaceAll('##[', String.raw`\u0023#[`),
  )

/** As `plain`, on one line: for a status, an output, a title. */
export const plainLine = (value: Untrusted | Plain, max = Number.POSITIVE_INFINITY): Plain =>
  asPlain(clip(commandless(plain(value).replace(/\s+/g, ' ').trim()), max))
