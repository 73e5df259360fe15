;;; emacs.el --- Drives Emacs as a user would  -*- lexical-binding: t -*-

;; On the file that PIPE_FILE names, with the set-up that was loaded before; prints what came of it as JSON.

(require 'eglot)
(require 'flymake)
(require 'json)

(defvar told nil)
(defun tell (name value) (push (cons name (or value :json-false)) told))

(defun eventually (holds)
  "Wait until HOLDS gives something, for twenty seconds at most."
  (let ((end (+ (float-time) 20)) found)
    (while (and (not (setq found (funcall holds))) (< (float-time) end))
      (accept-process-output nil 0.02))
    found))

(defun replace-once (from to)
  (goto-char (point-min))
  (search-forward from)
  (replace-match to t t))

(defun scenario ()
  (find-file (getenv "PIPE_FILE"))
  (tell 'mode (symbol-name major-mode))
  ;; `eglot-ensure' waits for the end of a command, and a batch has none.
  (run-hooks 'post-command-hook)
  (tell 'attached (and (eventually #'eglot-current-server) t))
  (font-lock-ensure)
  (goto-char (point-min))
  (search-forward "schema Click")
  (tell 'coloured (eq (get-text-property (match-beginning 0) 'face) 'font-lock-keyword-face))
  ;; Indentation by brackets.
  (search-forward "from ")
  (beginning-of-line)
  (delete-horizontal-space)
  (indent-according-to-mode)
  (tell 'indented (looking-back "^  " (line-beginning-position)))
  ;; Diagnostics, as they come and go.
  (replace-once "dedupe by click_id " "dedupe by click_idd ")
  (eglot--signal-textDocument/didChange)
  (tell 'broken (and (eventually #'flymake-diagnostics) t))
  (tell 'said (mapconcat #'flymake-diagnostic-text (flymake-diagnostics) "\n"))
  (replace-once "dedupe by click_idd " "dedupe by click_id ")
  (eglot--signal-textDocument/didChange)
  (tell 'mended (eventually (lambda () (null (flymake-diagnostics)))))
  ;; From a name to what it names.
  (goto-char (point-min))
  (search-forward "stream of Cl")
  (let ((found (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot))))
    (tell 'definition (and found (xref-location-line (xref-item-location (car found))))))
  (eglot-rename "Visit")
  (goto-char (point-min))
  (tell 'renamed (and (search-forward "schema Visit {" nil t) (search-forward "stream of Visit {" nil t) t))
  (let ((before (buffer-string)))
    (replace-once "budget = 600" "budget    =   600")
    (eglot-format-buffer)
    (tell 'formatted (equal before (buffer-string))))
  (save-buffer)
  (eglot-shutdown (eglot-current-server)))

(condition-case problem
    (scenario)
  (error (tell 'failure (format "%S" problem))))
(princ (json-encode told))
(kill-emacs 0)
;;; emacs.el ends here
