/** A page without scripts, pictures or anything from elsewhere, and what every such page is made of. */
import {html, htmlText, joinHtml, type Html} from '../trust.ts'

const style = html`<style>
  body {
    font:
      16px/1.5 system-ui,
      sans-serif;
    max-width: 60rem;
    margin: 2rem auto;
    padding: 0 1rem;
    color: #1f2328;
    background: #fff;
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  td,
  th {
    border-bottom: 1px solid #d1d9e0;
    padding: 0.3rem 0.6rem;
    text-align: left;
    vertical-align: top;
  }
  code,
  pre {
    font:
      14px ui-monospace,
      monospace;
    background: #f6f8fa;
    overflow-wrap: anywhere;
  }
  pre {
    padding: 0.6rem;
    white-space: pre-wrap;
  }
  .lines {
    white-space: pre-wrap;
  }
  summary {
    cursor: pointer;
  }
  .muted {
    color: #59636e;
  }
  @media (prefers-color-scheme: dark) {
    body {
      color: #e6edf3;
      background: #0d1117;
    }
    code,
    pre {
      background: #161b22;
    }
    td,
    th {
      border-color: #3d444d;
    }
    .muted {
      color: #9198a1;
    }
    a {
      color: #4493f8;
    }
  }
</style>`

/** @param extra a style of this page's own */
export const pageOf = (title: string, body: Html, extra: Html = html``): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" />
        <meta name="referrer" content="no-referrer" />
        <title>${htmlText(title)}</title>
        ${style}${extra}
      </head>
      <body>
        ${body}
      </body>
    </html>
`

export const section = (title: string, body: Html): Html =>
  body === ''
    ? body
    : html`<h2>${htmlText(title)}</h2>
        ${body}`

export const list = (items: readonly Html[]): Html =>
  items.length === 0
    ? html``
    : html`<ul>
        ${joinHtml(
          items.map((item) => html`<li>${item}</li>`),
          '\n',
        )}
      </ul>`
