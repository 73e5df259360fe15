// The page of the diagram. A server's answer is never part of it as markup: a drawing is an image, in which no script
// runs and which loads nothing, and everything else is text.

import type { Preview } from './protocol'

/** Nothing may be loaded or run but the page's own styles and images that stand in it. */
export function policy(nonce: string): string {
  return `default-src 'none'; img-src data:; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`
}

const STYLE = `
  body { margin: 0; padding: 1rem; color: var(--vscode-editor-foreground); background: var(--vscode-editor-background); }
  h1 { font-size: 1rem; font-weight: 600; }
  img { max-width: none; background: #fff; border-radius: 4px; padding: 8px; }
  pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  .note { color: var(--vscode-descriptionForeground); }
`

/** The page that shows a preview; without one, why there is none. */
export function page(preview: Preview | undefined, note: string, nonce: string): string {
  const title = escapeText(preview?.title ?? 'Diagram')
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(nonce)}">
<style nonce="${nonce}">${STYLE}</style>
<title>${title}</title>
</head>
<body>
<h1>${title}</h1>
${note === '' ? '' : `<p class="note">${escapeText(note)}</p>`}
${preview === undefined ? '' : body(preview)}
</body>
</html>
`
}

function body(preview: Preview): string {
  if (preview.language !== 'svg') return `<pre>${escapeText(preview.text)}</pre>`
  const drawing = Buffer.from(preview.text, 'utf8').toString('base64')
  return `<img alt="${escapeText(preview.title)}" src="data:image/svg+xml;base64,${drawing}">`
}

/** Text as it may stand between tags and in quotes. */
export function escapeText(text: string): string {
  const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (mark) => marks[mark] ?? mark)
}
