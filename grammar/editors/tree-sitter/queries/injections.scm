; What is of another language: documentation is Markdown, what `matches` is given is a regular expression.

((comment) @injection.content
 (#set! injection.language "comment"))

((doc_comment) @injection.content
 (#set! injection.language "markdown"))

(comparison
  "matches"
  right: (text (text_content) @injection.content)
  (#set! injection.language "regex"))
