-- What a buffer of .pipe has in Neovim 0.7 and later: comments, indentation, colours by the parser where it is installed,
-- and `pipec lsp`. `vim.g.pipec` may say otherwise: { cmd = { 'pipec', 'lsp' }, lsp = false, treesitter = false }.

if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = 1

local options = vim.g.pipec or {}
local buffer = vim.api.nvim_get_current_buf()

vim.opt_local.commentstring = '// %s'
vim.opt_local.comments = ':///,://'
vim.opt_local.expandtab = true
vim.opt_local.shiftwidth = 2
vim.opt_local.softtabstop = 2
vim.b.undo_ftplugin = 'setlocal commentstring< comments< expandtab< shiftwidth< softtabstop<'

if options.treesitter ~= false and #vim.api.nvim_get_runtime_file('parser/pipe.*', false) > 0 then
  if vim.treesitter.start then
    vim.treesitter.start(buffer, 'pipe')
  else
    vim.treesitter.highlighter.new(vim.treesitter.get_parser(buffer, 'pipe'), {})
  end
end

-- Neovim 0.11 and later starts it by `vim.lsp.enable('pipec')`, from lsp/pipec.lua beside this folder.
local enabled = vim.lsp.is_enabled and vim.lsp.is_enabled('pipec')
if options.lsp ~= false and not enabled then
  require('pipec').start(buffer, options)
end
