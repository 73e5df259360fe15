;;; pipe-mode.el --- Data platforms written in .pipe  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Colours, comments and indentation for `.pipe' files, and how Eglot starts `pipec lsp' for them:
;;
;;   (require 'pipe-mode)
;;   (add-hook 'pipe-mode-hook #'eglot-ensure)

;;; Code:

(require 'prog-mode)

(defgroup pipe nil
  "Data platforms written in .pipe."
  :group 'languages)

(defcustom pipe-server '("pipec" "lsp")
  "How the language server is started."
  :type '(repeat string)
  :group 'pipe)

(defcustom pipe-indent 2
  "How far what stands in brackets is indented."
  :type 'natnum
  :safe #'natnump
  :group 'pipe)

(defconst pipe-items
  '("use" "param" "enum" "type" "schema" "fn" "test" "transform" "source" "class" "access" "monitor" "item" "variant"
    "override" "pipeline" "env" "zone" "retention" "sink" "serve" "schedule" "delivery" "account")
  "The words that start items.")

(defconst pipe-steps
  '("filter" "derive" "select" "drop" "rename" "explode" "dedupe" "join" "union" "group" "window" "session" "pivot"
    "unpivot" "sort" "take" "expect" "route" "run" "allow" "clear" "alarm" "given" "when")
  "The words that start steps and clauses.")

(defconst pipe-words
  '("if" "then" "else" "match" "and" "or" "not" "is" "in" "between" "matches" "like" "by" "as" "on" "of" "to" "per" "for"
    "below" "reject" "returns")
  "The words inside of steps, but for those that often name columns too.")

(defvar pipe-font-lock-keywords
  (let ((name "\\([[:alpha:]_][[:alnum:]_.]*\\)"))
    `((,(concat "^" (regexp-opt pipe-items t) "\\_>[ \t]*" name "?")
       (1 font-lock-keyword-face) (2 font-lock-function-name-face nil t))
      ("@[[:alpha:]_][[:alnum:]_]*" . font-lock-preprocessor-face)
      (,(concat "\\_<" name "[ \t]*=\\(?:[^=>]\\|$\\)") 1 font-lock-variable-name-face)
      (,(concat "\\(?:^[ \t]+\\|[{;][ \t]*\\)" (regexp-opt pipe-steps t) "\\_>[^(]") 1 font-lock-keyword-face)
      (,(regexp-opt pipe-words 'symbols) . font-lock-keyword-face)
      (,(regexp-opt '("true" "false" "null") 'symbols) . font-lock-constant-face)
      (,(concat "\\_<" name "[ \t]*:\\(?:[^:]\\|$\\)") 1 font-lock-variable-name-face)
      ("[0-9] ?\\([[:alpha:]]+\\)\\_>" 1 font-lock-type-face)))
  "What has which colour.")

(defvar pipe-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "_" table)
    (dolist (mark '(?+ ?* ?% ?< ?> ?= ?? ?| ?- ?@ ?$))
      (modify-syntax-entry mark "." table))
    table)
  "Comments, texts and marks.")

(defun pipe-indent-line ()
  "Indent a line by the brackets that are open before it."
  (interactive)
  (let* ((column (save-excursion
                   (back-to-indentation)
                   (let ((closes (looking-at "[]})]"))
                         (depth (car (syntax-ppss (line-beginning-position)))))
                     (* pipe-indent (max 0 (if closes (1- depth) depth))))))
         (behind (- (current-column) (current-indentation))))
    ;; What goes on from the line before is left as it stands: `derive' lines its columns up.
    (when (or (zerop (current-indentation)) (> column (current-indentation))
              (save-excursion (back-to-indentation) (looking-at "[]})]")))
      (indent-line-to column))
    (when (> behind 0)
      (move-to-column (+ (current-indentation) behind)))))

;;;###autoload
(define-derived-mode pipe-mode prog-mode "Pipe"
  "For data platforms written in .pipe."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "///?[ \t]*")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'pipe-indent-line)
  (setq-local electric-indent-chars (append "]})" electric-indent-chars))
  (setq-local font-lock-defaults '(pipe-font-lock-keywords))
  (setq-local imenu-generic-expression
              (list (list nil (concat "^" (regexp-opt pipe-items) "[ \t]+\\([[:alnum:]_.]+\\)") 1))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.pipe\\'" . pipe-mode))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `(pipe-mode . ,(lambda (&rest _) pipe-server))))

(provide 'pipe-mode)
;;; pipe-mode.el ends here
