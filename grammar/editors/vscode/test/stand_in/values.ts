// The values of the module `vscode`: what providers are given and give back.

import { URI } from 'vscode-uri'

export { URI as Uri }

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  constructor(
    readonly start: Position,
    readonly end: Position,
  ) {}
}

export class Location {
  constructor(
    readonly uri: URI,
    readonly range: Range,
  ) {}
}

export class TextEdit {
  constructor(
    readonly range: Range,
    readonly newText: string,
  ) {}
}

export class WorkspaceEdit {
  readonly edits: { uri: URI; edits: TextEdit[] }[] = []

  set(uri: URI, edits: TextEdit[]): void {
    this.edits.push({ uri, edits })
  }

  replace(uri: URI, range: Range, text: string): void {
    this.edits.push({ uri, edits: [new TextEdit(range, text)] })
  }
}

export class MarkdownString {
  isTrusted = false
  supportHtml = false

  constructor(public value = '') {}

  appendCodeblock(code: string, language: string): this {
    this.value += `\`\`\`${language}\n${code}\n\`\`\`\n`
    return this
  }
}

export class Hover {
  constructor(
    readonly contents: unknown,
    readonly range?: Range,
  ) {}
}

export class Diagnostic {
  source: string | undefined
  code: unknown

  constructor(
    readonly range: Range,
    readonly message: string,
    readonly severity: number,
  ) {}
}

export class CompletionItem {
  constructor(
    readonly label: string | { label: string },
    readonly kind?: number,
  ) {}
}

export class CompletionList {
  constructor(
    readonly items: CompletionItem[],
    readonly isIncomplete: boolean,
  ) {}
}

export class SnippetString {
  constructor(readonly value: string) {}
}

export class CancellationError extends Error {}

/** What is only made and handed on: what it was made of. */
class Made {
  readonly made: unknown[]

  constructor(...made: unknown[]) {
    this.made = made
  }
}

export class CallHierarchyIncomingCall extends Made {}
export class CallHierarchyItem extends Made {}
export class CallHierarchyOutgoingCall extends Made {}
export class CodeAction extends Made {}
export class CodeLens extends Made {}
export class Color extends Made {}
export class DiagnosticRelatedInformation extends Made {}
export class DocumentHighlight extends Made {}
export class DocumentLink extends Made {}
export class DocumentSymbol extends Made {}
export class FoldingRange extends Made {}
export class InlayHint extends Made {}
export class InlayHintLabelPart extends Made {}
export class ParameterInformation extends Made {}
export class RelativePattern extends Made {}
export class SelectionRange extends Made {}
export class SemanticTokens extends Made {}
export class SignatureHelp extends Made {}
export class SignatureInformation extends Made {}
export class SymbolInformation extends Made {}
export class TypeHierarchyItem extends Made {}
export class TabInputText {
  constructor(readonly uri: URI) {}
}
export class TabInputTextDiff extends Made {}
export class TabInputCustom extends Made {}

export class CodeActionKind {
  static readonly Empty = new CodeActionKind('')
  static readonly QuickFix = new CodeActionKind('quickfix')
  static readonly Refactor = new CodeActionKind('refactor')
  static readonly RefactorExtract = new CodeActionKind('refactor.extract')
  static readonly RefactorInline = new CodeActionKind('refactor.inline')
  static readonly RefactorRewrite = new CodeActionKind('refactor.rewrite')
  static readonly Source = new CodeActionKind('source')
  static readonly SourceOrganizeImports = new CodeActionKind('source.organizeImports')

  constructor(readonly value: string) {}

  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value === '' ? part : `${this.value}.${part}`)
  }
}

export enum CodeActionTriggerKind { Invoke = 1, Automatic = 2 }
export enum CompletionItemKind { Text, TypeParameter = 24 }
export enum CompletionItemTag { Deprecated = 1 }
export enum CompletionTriggerKind { Invoke, TriggerCharacter, TriggerForIncompleteCompletions }
export enum DiagnosticSeverity { Error, Warning, Information, Hint }
export enum DiagnosticTag { Unnecessary = 1, Deprecated = 2 }
export enum DocumentHighlightKind { Text, Read, Write }
export enum FileType { Unknown, File, Directory }
export enum FoldingRangeKind { Comment = 1, Imports, Region }
export enum NotebookCellKind { Markup = 1, Code }
export enum ProgressLocation { Window = 10 }
export enum SignatureHelpTriggerKind { Invoke = 1, TriggerCharacter, ContentChange }
export enum SymbolKind { Property = 6, TypeParameter = 25 }
export enum SymbolTag { Deprecated = 1 }
export enum TextDocumentSaveReason { Manual = 1, AfterDelay, FocusOut }
export enum ViewColumn { Beside = -2 }
