// What the extension and `pipec lsp` say to each other beside the Language Server Protocol.

import type { Position } from 'vscode-languageclient'

/** What a preview can be of. */
export type Kind = 'diagram' | 'terraform' | 'rust' | 'pyspark'

export const KINDS: readonly Kind[] = ['diagram', 'terraform', 'rust', 'pyspark']

/** The request `pipec/preview`: what the compiler makes of the item at a place. */
export const PREVIEW = 'pipec/preview'

export interface PreviewParams {
  textDocument: { uri: string }
  position: Position
  kind: Kind
}

/** Its answer; `null` where there is nothing to show. */
export interface Preview {
  /** `svg` of a diagram; `hcl`, `rust` or `python` of generated code. */
  language: string
  text: string
  title: string
}

/** Whether what a server answered is a preview, whatever server it is. */
export function isPreview(answer: unknown): answer is Preview {
  if (typeof answer !== 'object' || answer === null) return false
  const { language, text, title } = answer as Record<string, unknown>
  return typeof language === 'string' && typeof text === 'string' && typeof title === 'string'
}
