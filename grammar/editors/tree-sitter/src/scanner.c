// Which line breaks end an entry, and where an item may start: what `src/syntax/layout.rs` and `slices.rs` decide for
// the compiler, decided here from what stands behind a line break. It keeps no state.

#include <string.h>

#include "tree_sitter/parser.h"

enum Token { NEWLINE, COLUMN_NEWLINE, BINDING_NEWLINE, SEMICOLON, ITEM_START, IN_TEXT, NOTHING, RECOVERING };

// Longer words are no keywords.
#define WORD 16

static const char *const INFIX_WORDS[] = {"and", "or", "in", "is", "like", "matches", "between", "then", "else", NULL};
static const char *const NOT_WORDS[] = {"in", "between", "like", "matches", NULL};
static const char *const STEP_WORDS[] = {"filter",  "derive", "select", "drop",   "rename",  "explode", "dedupe",
                                         "join",    "union",  "group",  "window", "session", "pivot",   "unpivot",
                                         "sort",    "take",   "expect", "route",  "run",     NULL};
static const char *const ITEM_WORDS[] = {"use",    "param",  "enum",     "type",     "schema",    "fn",       "test",
                                         "source", "class",  "access",   "monitor",  "item",      "variant",  "override",
                                         "env",    "zone",   "pipeline", "serve",    "retention", "sink",     "schedule",
                                         "account", "delivery", "transform", NULL};

static bool one_of(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

static bool starts_word(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool in_word(int32_t c) { return starts_word(c) || (c >= '0' && c <= '9'); }
static bool blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static void step(TSLexer *lexer) { lexer->advance(lexer, false); }
static void skip_blanks(TSLexer *lexer) {
  while (blank(lexer->lookahead)) step(lexer);
}
static void skip_line(TSLexer *lexer) {
  while (lexer->lookahead != '\n' && !lexer->eof(lexer)) step(lexer);
}

/// Reads a word; one that is too long is cut, and so is no keyword.
static void read_word(TSLexer *lexer, char word[WORD + 1]) {
  unsigned length = 0;
  for (; in_word(lexer->lookahead); step(lexer))
    if (length < WORD) word[length++] = (char)lexer->lookahead;
  word[length] = '\0';
}

/// Whether what stands here is one `=`: not `==`, not `=>`.
static bool sets(TSLexer *lexer) {
  if (lexer->lookahead != '=') return false;
  step(lexer);
  return lexer->lookahead != '=' && lexer->lookahead != '>';
}

/// Whether a mark in front of a line goes on with the entry before: `+ b`, but not `-1`, which may be an item of a list.
static bool mark_goes_on(TSLexer *lexer) {
  int32_t mark = lexer->lookahead;
  step(lexer);
  int32_t next = lexer->lookahead;
  switch (mark) {
    case '+': case '*': case '/': case '%': case '<': case '>': return true;
    case '=': return next == '=' || next == '>';
    case '!': return next == '=';
    case '-': return next == '>';
    case '?': return next == '?';
    case '.': return next == '.';
    default: return false;
  }
}

/// Whether a word in front of a line goes on with the entry before it, by the word and by what follows.
static bool word_goes_on(TSLexer *lexer, const char *word) {
  int32_t next = lexer->lookahead;
  if (strcmp(word, "not") == 0) {
    char second[WORD + 1];
    read_word(lexer, second);
    return one_of(second, NOT_WORDS);
  }
  if (!one_of(word, INFIX_WORDS)) return false;
  if (next == ':' || next == ',' || next == '.' || next == '}' || next == ']') return false;
  if (strcmp(word, "else") == 0 && next == '-') return false;
  return !sets(lexer);
}

/// Whether a step's word in front of a line is one: `drop a`, but not `drop as b`, nor a bare `drop`.
static bool is_step(TSLexer *lexer, const char *word) {
  if (!one_of(word, STEP_WORDS)) return false;
  int32_t next = lexer->lookahead;
  if (next == '\n' || lexer->eof(lexer) || (next && strchr(",}.+*/?", next))) return false;
  char second[WORD + 1];
  read_word(lexer, second);
  return strcmp(second, "as") != 0;
}

/// Past blanks, line breaks and comments to what stands first in its line; whether there is documentation between.
static bool to_next_line(TSLexer *lexer) {
  bool documented = false;
  for (;;) {
    while (blank(lexer->lookahead) || lexer->lookahead == '\n') step(lexer);
    if (lexer->lookahead != '/') return documented;
    // What is decided of `/` is the same as of a comment that is none: its line goes on.
    step(lexer);
    if (lexer->lookahead != '/') return documented;
    step(lexer);
    documented |= lexer->lookahead == '/';
    skip_line(lexer);
  }
}

/// Whether an item starts here, in column 0: behind its documentation, by its word, where no item is awaited.
static bool starts_item(TSLexer *lexer, bool awaited) {
  if (lexer->lookahead == '/') {
    step(lexer);
    step(lexer);
    // A comment is no part of an item, its documentation is.
    if (lexer->lookahead != '/') return false;
    if (awaited) return true;
    skip_line(lexer);
    to_next_line(lexer);
    if (lexer->eof(lexer) || lexer->get_column(lexer) != 0) return false;
  }
  if (!starts_word(lexer->lookahead)) return false;
  if (awaited) return true;
  char word[WORD + 1];
  read_word(lexer, word);
  skip_blanks(lexer);
  int32_t next = lexer->lookahead;
  return one_of(word, ITEM_WORDS) && (starts_word(next) || next == '"');
}

/// A line break that ends an entry, of the kind that the next line makes it. It has been reached, with or without
/// documentation above it.
static bool ends_entry(TSLexer *lexer, const bool *valid, bool documented) {
  int32_t first = lexer->lookahead;
  bool closes = first == '}' || first == ']' || first == ')';
  // Nothing but items and brackets that close stands in column 0.
  if (lexer->eof(lexer) || (lexer->get_column(lexer) == 0 && !closes)) return false;
  char word[WORD + 1] = "";
  bool binds = false, steps = false;
  if (starts_word(first)) {
    read_word(lexer, word);
    skip_blanks(lexer);
    if (valid[BINDING_NEWLINE]) {
      binds = sets(lexer);
    } else if (valid[COLUMN_NEWLINE]) {
      steps = is_step(lexer, word) || sets(lexer);
    }
    if (!documented && !binds && !steps && word_goes_on(lexer, word)) return false;
  } else if (!documented && mark_goes_on(lexer)) {
    return false;
  }
  if (valid[BINDING_NEWLINE] && binds) {
    lexer->result_symbol = BINDING_NEWLINE;
  } else if (valid[COLUMN_NEWLINE] && !valid[BINDING_NEWLINE] && !steps && !closes) {
    lexer->result_symbol = COLUMN_NEWLINE;
  } else {
    lexer->result_symbol = NEWLINE;
  }
  return valid[lexer->result_symbol];
}

/// A line break that ends an entry, or an item and all that is open in it.
static bool line_break(TSLexer *lexer, const bool *valid) {
  step(lexer);
  lexer->mark_end(lexer);
  while (blank(lexer->lookahead) || lexer->lookahead == '\n') step(lexer);
  if (!lexer->eof(lexer) && lexer->get_column(lexer) == 0 && (starts_word(lexer->lookahead) || lexer->lookahead == '/')) {
    lexer->mark_end(lexer);
    lexer->result_symbol = ITEM_START;
    return starts_item(lexer, valid[ITEM_START]);
  }
  if (!valid[NEWLINE] && !valid[COLUMN_NEWLINE] && !valid[BINDING_NEWLINE]) return false;
  bool documented = to_next_line(lexer);
  return ends_entry(lexer, valid, documented);
}

/// A `;` with something behind it on its line; at its end it is none.
static bool semicolon(TSLexer *lexer) {
  step(lexer);
  lexer->mark_end(lexer);
  skip_blanks(lexer);
  int32_t next = lexer->lookahead;
  if (next == '\n' || next == '/' || lexer->eof(lexer)) return false;
  lexer->result_symbol = SEMICOLON;
  return true;
}

bool tree_sitter_pipe_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  // While the parser recovers from a mistake it asks for every token: only those that a line break ends help.
  static const bool RECOVERY[] = {[NEWLINE] = true, [RECOVERING] = true};
  if (valid[RECOVERING]) valid = RECOVERY;
  if (valid[IN_TEXT]) return false;
  while (blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead == '\n') return line_break(lexer, valid);
  if (valid[ITEM_START] && !lexer->eof(lexer) && lexer->get_column(lexer) == 0) {
    lexer->mark_end(lexer);
    lexer->result_symbol = ITEM_START;
    return starts_item(lexer, true);
  }
  return lexer->lookahead == ';' && valid[SEMICOLON] && semicolon(lexer);
}

void *tree_sitter_pipe_external_scanner_create(void) { return NULL; }
void tree_sitter_pipe_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_pipe_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}
void tree_sitter_pipe_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}
