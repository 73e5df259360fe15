-- Drives Neovim as a user would, on the file that is open, and prints what came of it as JSON.

local out = {}
local buffer = vim.api.nvim_get_current_buf()

local function lines()
  return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
end

--- Waits until something holds; what never does is `false` in what is printed.
local function eventually(holds)
  return (vim.wait(20000, holds, 20))
end

local function replace(number, from, to)
  local line = lines()[number]
  local start = assert(line:find(from, 1, true), from .. ' is not in ' .. line)
  vim.api.nvim_buf_set_text(buffer, number - 1, start - 1, number - 1, start - 1 + #from, { to })
end

local function number_of(text)
  for number, line in ipairs(lines()) do
    local column = line:find(text, 1, true)
    if column then
      return number, column - 1
    end
  end
end

local function cursor(text, inside)
  local number, column = number_of(text)
  vim.api.nvim_win_set_cursor(0, { number, column + (inside or 0) })
end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(), more or {})
  for _, answer in pairs(vim.lsp.buf_request_sync(buffer, method, params, 20000) or {}) do
    return answer.result
  end
end

local function said()
  return vim.tbl_map(function(one)
    return { line = one.lnum + 1, code = one.code, severity = one.severity, message = one.message }
  end, vim.diagnostic.get(buffer))
end

local function main()
  out.attached = eventually(function()
    for _, client in pairs(vim.lsp.buf_get_clients(buffer)) do
      return client.initialized
    end
  end)

  -- Diagnostics, as they come and go.
  local number = number_of('dedupe by click_id')
  replace(number, 'click_id', 'click_idd')
  out.broken = eventually(function() return #said() > 0 end)
  out.said = said()
  -- The fix that the diagnostic proposes, chosen as a user would.
  vim.ui.select = function(actions, _, choose)
    out.proposed = #actions
    choose(actions[1])
  end
  cursor('click_idd', 2)
  vim.lsp.buf.code_action()
  out.fixed = eventually(function() return lines()[number]:find('dedupe by click_id keep', 1, true) ~= nil end)
  out.mended = eventually(function() return #said() == 0 end)

  -- Completion in a line that is half typed.
  vim.api.nvim_buf_set_lines(buffer, number, number, false, { '  filter ki' })
  vim.api.nvim_win_set_cursor(0, { number + 1, #'  filter ki' - 1 })
  local params = vim.lsp.util.make_position_params()
  params.position.character = #'  filter ki'
  local items = ask('textDocument/completion', params) or {}
  out.completion = vim.tbl_map(function(item) return item.label end, items.items or items)
  vim.api.nvim_buf_set_lines(buffer, number, number + 1, false, {})

  cursor('sum(amount)', 4)
  out.hover = (ask('textDocument/hover') or {}).contents

  -- `stream of Click` leads to `schema Click`.
  cursor('stream of Click', #'stream of ')
  vim.lsp.buf.definition()
  out.definition = eventually(function() return vim.api.nvim_win_get_cursor(0)[1] == number_of('schema Click') end)

  cursor('schema Click', #'schema ')
  vim.lsp.buf.rename('Visit')
  out.rename = eventually(function() return number_of('stream of Visit') ~= nil and number_of('schema Visit') ~= nil end)

  local before = lines()
  replace(number_of('budget = 600'), 'budget = 600', 'budget    =   600')
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 20000 })
  else
    vim.lsp.buf.formatting_sync({}, 20000)
  end
  out.formatted = vim.deep_equal(before, lines())
  vim.cmd('silent write')

  -- What the item under the cursor becomes, beside it.
  cursor('transform clean', #'transform ')
  vim.cmd('PipePreview rust')
  out.preview = eventually(function() return vim.bo.filetype == 'rust' and vim.fn.search('transforms/clean.rs', 'n') > 0 end)
  vim.cmd('quit')

  out.filetype = vim.bo.filetype
  out.commentstring = vim.bo.commentstring
  out.coloured = vim.treesitter.highlighter.active[buffer] ~= nil
end

local fine, why = xpcall(main, debug.traceback)
if not fine then
  out.failure = why
end
io.stdout:write((vim.json and vim.json.encode or vim.fn.json_encode)(out))
vim.cmd('qall!')
